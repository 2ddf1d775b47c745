//! What happens to a running job: another session key, the provider's exit.

use market::{accounts, instruction as arguments, state::Job};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::super::build;

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
