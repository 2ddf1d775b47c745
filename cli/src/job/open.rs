//! Opens a job: everything that must survive is on disk before the transaction leaves.

use std::{collections::BTreeMap, fs::File, path::PathBuf};

use anyhow::{Context as _, Result};
use gantry_protocol::{Atoms, Metered, Rate, billing};
use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signer as _, address,
    client::{Client, ClientError},
    error,
    instruction::market::{job_open, tenant_open},
    market::{JobTerms, state::Balance, state::Job, state::Tenant},
};

use super::choose::Candidate;
use crate::{
    agent::{self, now_ms},
    archive,
    failure::{Failure, Fate, OfJob},
    mint::Mint,
    state::{Elsewhere, JobDirectory, Record, SessionKey, Store},
};

/// Refusals that another node may not share.
const ANOTHER_NODE_MAY_DO: [&str; 9] = [
    "NodeInactive",
    "NodeSilent",
    "CapacityExceeded",
    "RateAboveLimit",
    "NotOffered",
    "InsufficientStake",
    "StakeBelowOffer",
    "ClassDisabled",
    "RateOutOfRange",
];

/// The system program's error for an account that exists already: the job's, which nobody else can have made.
const ALREADY_IN_USE: u32 = 0;

/// Most nodes that are tried in turn.
pub(super) const MAX_ATTEMPTS: usize = 3;

/// What is to run, and for how long at most.
#[derive(Clone, Debug)]
pub(crate) struct Rent {
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// Environment beyond what the agent sets.
    pub(crate) environment: BTreeMap<String, String>,
    /// Directory whose files are sent.
    pub(crate) bundle: Option<PathBuf>,
    /// Where results go.
    pub(crate) out: Option<PathBuf>,
    /// GPUs.
    pub(crate) gpus: u16,
    /// Longest metered time in seconds.
    pub(crate) max_duration_s: u32,
    /// How to go on when the node is lost.
    pub(crate) failover: Option<Elsewhere>,
}

/// A job that stands on chain.
#[derive(Debug)]
pub(crate) struct Opened {
    /// Its record.
    pub(crate) record: Record,
    /// Its files.
    pub(crate) directory: JobDirectory,
    /// The right to act for it.
    pub(crate) lock: File,
    /// The node that was taken.
    pub(crate) candidate: Candidate,
}

/// Opens a job on the first of the candidates that accepts it.
pub(crate) async fn open(
    client: &Client,
    store: &Store,
    wallet: &Keypair,
    mint: &Mint,
    candidates: &[Candidate],
    rent: &Rent,
) -> Result<Opened> {
    let session_key = Keypair::new();
    let nonce = random_number();
    let tenant = wallet.pubkey();
    let job = address::job(&tenant, nonce);
    let directory = store.job(&job);
    directory.create()?;
    let lock = directory
        .lock()?
        .context("another process acts for a job that was only just made")?;
    let prepared = prepare(&directory, rent);
    let bundle_hash = undo_on_error(&directory, prepared)?;
    let (mut attempts, mut last_refusal) = (0, None);
    for candidate in candidates {
        // The first was knocked at when it was chosen; no other one gets money before it has shown that it is there.
        if attempts > 0 && !answers(candidate).await {
            continue;
        }
        attempts += 1;
        let escrow = undo_on_error(&directory, escrow(candidate.rate, rent).map_err(Into::into))?;
        undo_on_error(&directory, require_balance(client, &tenant, mint, escrow).await)?;
        undo_on_error(&directory, ensure_tenant(client, wallet).await)?;
        let record = Record {
            job,
            tenant,
            node: candidate.address,
            provider: candidate.node.owner,
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
            order: None,
            failover: rent.failover.clone(),
            predecessor: None,
            successor: None,
        };
        directory.save_record(&record)?;
        let terms = JobTerms {
            session_key: session_key.pubkey(),
            bundle_hash,
            max_rate: candidate.rate.0,
            max_duration_s: rent.max_duration_s,
            gpus: rent.gpus,
        };
        let instruction = job_open(
            tenant,
            nonce,
            candidate.address,
            candidate.node.owner,
            &candidate.node.class,
            mint.address,
            terms,
        );
        match attempt(client, wallet, &[], &job, candidate, instruction).await? {
            Attempt::Opened(node, provider) => {
                let record = Record {
                    node,
                    provider,
                    ..record
                };
                directory.save_record(&record)?;
                let taken = candidates.iter().find(|candidate| candidate.address == node);
                return Ok(Opened {
                    record,
                    directory,
                    lock,
                    candidate: taken.unwrap_or(candidate).clone(),
                });
            }
            Attempt::Refused(refusal) => {
                let may_do_elsewhere = may_do_elsewhere(&refusal) && attempts < MAX_ATTEMPTS;
                last_refusal = Some(refusal);
                if !may_do_elsewhere {
                    break;
                }
            }
        }
    }
    let refusal = last_refusal.map_or_else(
        || Failure::NothingFits("no node is left to try".into()).into(),
        Into::into,
    );
    undo_on_error(&directory, Err(refusal))
}

/// How an attempt to open ended.
pub(super) enum Attempt {
    /// The job stands on chain, on this node of this provider.
    Opened(Pubkey, Pubkey),
    /// It does not, and never will by what was sent.
    Refused(ClientError),
}

/// Sends the opening. An error says that it is not known what came of it.
pub(super) async fn attempt(
    client: &Client,
    wallet: &Keypair,
    signers: &[&Keypair],
    job: &Pubkey,
    candidate: &Candidate,
    instruction: Instruction,
) -> Result<Attempt> {
    let Err(failed) = client.send(&[instruction], wallet, signers).await else {
        return Ok(Attempt::Opened(candidate.address, candidate.node.owner));
    };
    // What the endpoint calls failed may have taken effect, by an earlier signature and even on an earlier node.
    match client.find::<Job>(job).await {
        Ok(Some(found)) => Ok(Attempt::Opened(found.node, found.provider)),
        Ok(None) if is_certain(&failed) => Ok(Attempt::Refused(failed)),
        _ => Err(failed).context(OfJob {
            job: *job,
            fate: Fate::MaybeOpen,
        }),
    }
}

/// Whether what failed so has no effect now and never will.
fn is_certain(error: &ClientError) -> bool {
    match error {
        ClientError::Refused { .. } => error.code() != Some(ALREADY_IN_USE),
        ClientError::Signing(_) => true,
        _ => false,
    }
}

pub(super) async fn answers(candidate: &Candidate) -> bool {
    let provider = &candidate.provider;
    match agent::knock(provider.endpoint(), provider.tls_key_hash).await {
        Ok(()) => true,
        Err(error) => {
            tracing::debug!(node = %candidate.address, %error, "passed over");
            false
        }
    }
}

/// What the longest metered time costs.
pub(crate) fn escrow(rate: Rate, rent: &Rent) -> Result<Atoms, Failure> {
    let longest = Metered::from_seconds(u64::from(rent.max_duration_s));
    let escrow = rate
        .times(rent.gpus)
        .zip(longest)
        .and_then(|(rate, longest)| billing::owed(rate, longest));
    escrow.ok_or_else(|| Failure::Usage("so many GPUs for so long cost more than 64 bits can hold; rent less".into()))
}

/// Opens the wallet's account as a tenant, where it has none so far. In a transaction of its own: two first jobs of one wallet may be
/// opened at once, and whose tenant exists already must not look like a job that does.
pub(super) async fn ensure_tenant(client: &Client, wallet: &Keypair) -> Result<()> {
    let tenant = address::tenant(&wallet.pubkey());
    if client.find::<Tenant>(&tenant).await?.is_some() {
        return Ok(());
    }
    let open = tenant_open(wallet.pubkey(), wallet.pubkey());
    let Err(failed) = client.send(&[open], wallet, &[]).await else {
        return Ok(());
    };
    let opened = client.find::<Tenant>(&tenant).await?;
    opened
        .map(|_| ())
        .ok_or(failed)
        .context("cannot open the wallet's account as a tenant")
}

pub(super) async fn require_balance(client: &Client, tenant: &Pubkey, mint: &Mint, escrow: Atoms) -> Result<()> {
    let balance = client.find::<Balance>(&address::balance(tenant, &mint.address)).await?;
    let held = balance.map_or(0, |balance| balance.amount);
    let Some(missing) = escrow.0.checked_sub(held).filter(|missing| *missing > 0) else {
        return Ok(());
    };
    let (escrow, held, missing) = (mint.show(escrow.0), mint.show(held), mint.show(missing));
    Err(Failure::Refused(format!(
        "the job needs an escrow of {escrow}, but your balance in {} holds {held}: {missing} are missing; deposit them with \
         `gantry balance deposit {missing} --mint {}`, or rent for a shorter time with --max-duration",
        mint.name, mint.address
    ))
    .into())
}

pub(super) fn prepare(directory: &JobDirectory, rent: &Rent) -> Result<[u8; 32]> {
    let Some(bundle) = &rent.bundle else { return Ok([0; 32]) };
    archive::pack(bundle, &directory.bundle())?;
    archive::hash(&directory.bundle())
}

/// Leaves no traces of a job that was certainly not opened.
pub(super) fn undo_on_error<T>(directory: &JobDirectory, outcome: Result<T>) -> Result<T> {
    if outcome.is_err() {
        directory.remove()?;
    }
    outcome
}

pub(super) fn may_do_elsewhere(error: &ClientError) -> bool {
    error
        .code()
        .and_then(error::lookup)
        .is_some_and(|known| ANOTHER_NODE_MAY_DO.contains(&known.name.as_str()))
}

/// A number that no other job of this wallet has, except by a chance of one in 2⁶⁴.
pub(super) fn random_number() -> u64 {
    let noise = Keypair::new().pubkey().to_bytes();
    noise.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests;
