//! Registration: makes the chain say what the configuration says, by the owner's wallet and only where the two differ.

mod bills;
mod devices;
mod later;
mod plan;
mod read;
mod step;

pub use bills::{Bill, unpaid};
pub use devices::{Inventory, Later, Taken};
pub use later::retire_later;
pub use plan::{Desired, OnChain, Plan, RegistrationError, describe, plan};
pub use read::read;
pub use step::Step;

use anyhow::{Context, Result};
use gantry_sdk::{
    Instruction, Keypair, Pubkey, Signer, address,
    client::Client,
    instruction::{
        market::{
            balance_open, device_move, device_register, device_retire, job_rekey, node_price_set, node_register,
            node_update, provider_register, provider_update,
        },
        staking::{stake_deposit, stake_open},
    },
    market::state::Config,
};

use crate::{
    chain::{living_jobs, size},
    receipts::ReceiptLog,
};

/// What registration established.
#[derive(Clone, Debug)]
pub struct Registered {
    /// The node's account.
    pub node: Pubkey,
    /// The market's configuration.
    pub config: Config,
    /// GPUs that leave their node as soon as one is free there.
    pub later: Vec<Later>,
}

/// Reads the chain, sends what is missing, and says which node this agent serves.
///
/// # Errors
/// [`RegistrationError`] when the configuration does not fit the market, otherwise what the chain refused.
pub async fn register(
    client: &Client,
    wallet: &Keypair,
    desired: &Desired,
    log: &ReceiptLog,
    rotate: bool,
) -> Result<Registered> {
    let on_chain = read(client, desired)
        .await
        .context("cannot read the market from the chain")?;
    let plan = plan(desired, &on_chain, rotate)?;
    if desired.stake.is_none() && on_chain.stake.is_none_or(|stake| stake.active == 0) {
        tracing::warn!("the provider has no stake; set `stake`, or nobody can open a job on this node");
    }
    for Taken { identity, provider } in &plan.taken {
        tracing::error!(
            gpu = step::short(identity), %provider,
            "another provider has registered this GPU, so it is not offered; whoever sold it has to retire it, or the market's authority"
        );
    }
    for gpu in &plan.later {
        tracing::warn!(
            gpu = step::short(&gpu.identity),
            node = gpu.from,
            "the GPU is no longer there, but jobs hold all GPUs of the node; it is retired when one of them has ended"
        );
    }
    let groups: Vec<Vec<Instruction>> = plan
        .steps
        .iter()
        .map(|step| vec![instruction(step, desired, &on_chain)])
        .collect();
    for step in &plan.steps {
        tracing::info!("{step}");
    }
    if plan.steps.iter().any(|step| matches!(step, Step::RekeyJob { .. })) {
        // Afterwards nobody takes what the old key signed. Read only now: tenants sign while the agent starts.
        let bills = unpaid(
            log,
            &living_jobs(client, &desired.owner).await?,
            &desired.profile.attestation_key,
        )?;
        bills::settle(client, wallet, desired.owner, &bills).await?;
    }
    for transaction in size::pack(groups, &wallet.pubkey()) {
        let sent = client
            .send(&transaction, wallet, &[])
            .await
            .context("the registration was refused")?;
        tracing::info!(signature = %sent.signature, instructions = transaction.len(), "registered");
    }
    let node = address::node(&address::provider(&desired.owner), plan.node_id);
    Ok(Registered {
        node,
        config: on_chain.config,
        later: plan.later,
    })
}

fn instruction(step: &Step, desired: &Desired, on_chain: &OnChain) -> Instruction {
    let owner = desired.owner;
    let node = |id: u16| address::node(&address::provider(&owner), id);
    match step {
        Step::FundHotKey { lamports } => {
            solana_system_interface::instruction::transfer(&owner, &desired.profile.attestation_key, *lamports)
        }
        Step::RegisterProvider => provider_register(owner, desired.profile),
        Step::UpdateProvider { .. } => provider_update(owner, desired.profile),
        Step::OpenBalance { mint } => balance_open(owner, owner, *mint),
        Step::OpenStake => stake_open(owner),
        Step::DepositStake { amount } => {
            let (mint, program) = (on_chain.pool.mint, on_chain.stake_token_program);
            let source = address::associated_token(&owner, &mint, &program);
            stake_deposit(owner, mint, source, program, *amount)
        }
        Step::RegisterNode { id } => node_register(owner, *id, desired.specification),
        Step::UpdateNode { id } => {
            let specification = desired.specification;
            node_update(
                owner,
                node(*id),
                specification.min_duration_s,
                specification.max_duration_s,
                true,
            )
        }
        Step::RetireNode {
            id,
            min_duration_s,
            max_duration_s,
        } => node_update(owner, node(*id), *min_duration_s, *max_duration_s, false),
        Step::SetPrice { id, mint, rate } => {
            node_price_set(owner, node(*id), &desired.specification.class, *mint, *rate)
        }
        Step::RegisterDevice { id, identity } => device_register(owner, node(*id), *identity),
        Step::MoveDevice { identity, from, to } => device_move(owner, identity, node(*from), node(*to)),
        Step::RetireDevice { id, identity } => device_retire(owner, owner, node(*id), identity),
        Step::RekeyJob { job } => job_rekey(owner, owner, *job),
    }
}
