//! What happens to a job under way: another session key, the provider's exit, another node.

use gantry_protocol::class::Name;
use market::{accounts, instruction as arguments, state::Job};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::super::build;
use crate::address::{self, SYSTEM_PROGRAM};

/// Gives the tenant's side of a job to `session_key`; the tenant's wallet signs. `account` is the job's account.
#[must_use]
pub fn session_rotate(job: Pubkey, account: &Job, session_key: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::SessionRotate {
            tenant: account.tenant,
            job,
        },
        &arguments::SessionRotate { session_key },
    )
}

/// Announces that the provider ends a job at `exits_at`, in Unix seconds; `caller`, its wallet or the job's attestation key, signs.
#[must_use]
pub fn job_exit(caller: Pubkey, job: Pubkey, exits_at: i64) -> Instruction {
    build(
        market::ID,
        &accounts::JobExit { caller, job },
        &arguments::JobExit { exits_at },
    )
}

/// Where a job goes on, and on which terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Number of the successor among the tenant's jobs.
    pub nonce: u64,
    /// The other node.
    pub node: Pubkey,
    /// Its provider's wallet.
    pub provider_owner: Pubkey,
    /// The class of both nodes.
    pub class: Name,
    /// Most per GPU, in micro-atoms per second.
    pub max_rate: u64,
    /// Longest metered time in seconds; at most what is left.
    pub max_duration_s: u32,
}

/// Goes on with what is left of the ended job `former`; its session key and `payer`, who pays the rent, sign. `account` is the ended
/// job's account.
#[must_use]
pub fn job_failover(payer: Pubkey, former: Pubkey, account: &Job, to: &Elsewhere) -> Instruction {
    build(
        market::ID,
        &accounts::JobFailover {
            session_key: account.session_key,
            payer,
            former_job: former,
            former_node: account.node,
            config: address::config(),
            registered_mint: address::registered_mint(&account.mint),
            gpu_class: address::gpu_class(&to.class),
            price_range: address::price_range(&to.class, &account.mint),
            provider: address::provider(&to.provider_owner),
            node: to.node,
            balance: address::balance(&account.tenant, &account.mint),
            tenant_account: address::tenant(&account.tenant),
            job: address::job(&account.tenant, to.nonce),
            signer: address::market_signer(),
            pool: address::pool(),
            stake: address::stake(&to.provider_owner),
            staking_program: staking::ID,
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::JobFailover {
            nonce: to.nonce,
            max_rate: to.max_rate,
            max_duration_s: to.max_duration_s,
        },
    )
}
