//! Posts an order: as for a job, everything that must survive is on disk before the transaction leaves.

use anyhow::{Context as _, Result};
use gantry_sdk::{
    Keypair, Pubkey, Signer as _, address,
    client::{Client, ClientError},
    instruction::market::order_open,
    market::{
        OrderTerms,
        state::{Job, Order},
    },
    protocol::Rate,
};

use super::open::{self, Rent};
use crate::{
    agent::now_ms,
    failure::{Fate, OfJob},
    mint::Mint,
    state::{JobDirectory, Record, SessionKey, Store},
};

/// What the order asks for beside what is to run.
pub(crate) struct Asked {
    /// GPU class, packed.
    pub(crate) class: [u8; 16],
    /// Region, packed; zeros: any.
    pub(crate) region: [u8; 16],
    /// The most that it pays per GPU.
    pub(crate) max_rate: Rate,
    /// Least memory of each GPU in MiB.
    pub(crate) min_memory_mib: u32,
    /// Least score of the provider.
    pub(crate) min_score: u16,
    /// Whether simulated GPUs will do.
    pub(crate) simulated: bool,
    /// Seconds in which bids are taken.
    pub(crate) bid_window_s: u32,
    /// Seconds after that in which one can be accepted.
    pub(crate) accept_window_s: u32,
}

/// An order that stands on chain.
pub(crate) struct Posted {
    /// Its account.
    pub(crate) address: Pubkey,
    /// What it says.
    pub(crate) order: Order,
    /// The record of the job to come.
    pub(crate) record: Record,
}

/// Posts an order with the number of a job that does not exist yet, whose record then lies in the store.
pub(crate) async fn post(
    client: &Client,
    store: &Store,
    wallet: &Keypair,
    mint: &Mint,
    rent: &Rent,
    asked: &Asked,
) -> Result<Posted> {
    let (session_key, nonce, tenant) = (Keypair::new(), open::random_number(), wallet.pubkey());
    let (job, address) = (address::job(&tenant, nonce), address::order(&tenant, nonce));
    let directory = store.job(&job);
    directory.create()?;
    let _lock = directory
        .lock()?
        .context("another process acts for a job that was only just named")?;
    let prepared = prepare(client, &directory, wallet, mint, rent, asked).await;
    let bundle_hash = open::undo_on_error(&directory, prepared)?;
    let record = Record {
        job,
        tenant,
        // Known once a bid is accepted.
        node: Pubkey::default(),
        provider: Pubkey::default(),
        mint: mint.address,
        session_key: SessionKey(session_key.insecure_clone()),
        command: rent.command.clone(),
        environment: rent.environment.clone(),
        has_bundle: rent.bundle.is_some(),
        out: rent.out.clone(),
        created_at_ms: now_ms(),
        start_requested_at_ms: None,
        ended_ms: None,
        exit: None,
        results_fetched: false,
        order: Some(address),
        failover: None,
        predecessor: None,
        successor: None,
    };
    directory.save_record(&record)?;
    let terms = OrderTerms {
        session_key: session_key.pubkey(),
        bundle_hash,
        class: asked.class,
        region: asked.region,
        max_rate: asked.max_rate.0,
        max_duration_s: rent.max_duration_s,
        min_memory_mib: asked.min_memory_mib,
        bid_window_s: asked.bid_window_s,
        accept_window_s: asked.accept_window_s,
        gpus: rent.gpus,
        min_score: asked.min_score,
        simulated: asked.simulated,
    };
    let sent = client
        .send(&[order_open(tenant, nonce, mint.address, terms)], wallet, &[])
        .await;
    // What the endpoint calls failed may have taken effect; what it refused has not.
    match (sent, client.find::<Order>(&address).await) {
        (_, Ok(Some(order))) => Ok(Posted { address, order, record }),
        (Err(refused @ ClientError::Refused { .. }), Ok(None)) => open::undo_on_error(
            &directory,
            Err(anyhow::Error::new(refused).context("cannot post the order")),
        ),
        (Err(failed), _) => Err(failed).context(OfJob {
            job,
            fate: Fate::MaybeOpen,
        }),
        (Ok(_), _) => Err(anyhow::anyhow!(
            "the order {address} was posted, but the endpoint does not show it; look at it with `gantry order show {address}`"
        )),
    }
}

async fn prepare(
    client: &Client,
    directory: &JobDirectory,
    wallet: &Keypair,
    mint: &Mint,
    rent: &Rent,
    asked: &Asked,
) -> Result<[u8; 32]> {
    let escrow = open::escrow(asked.max_rate, rent)?;
    open::require_balance(client, &wallet.pubkey(), mint, escrow).await?;
    // The job to come writes it.
    open::ensure_tenant(client, wallet).await?;
    open::prepare(directory, rent)
}

/// Writes down which node a job of an order came to, once it is known.
pub(crate) fn adopt(directory: &JobDirectory, record: Record, job: &Job) -> Result<Record> {
    if (record.node, record.provider) == (job.node, job.provider) {
        return Ok(record);
    }
    let record = Record {
        node: job.node,
        provider: job.provider,
        ..record
    };
    directory.save_record(&record)?;
    Ok(record)
}
