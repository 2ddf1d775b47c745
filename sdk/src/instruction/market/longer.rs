//! Renting for longer.

use market::{accounts, instruction as arguments, state::Job};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::super::build;
use crate::address;

/// Rents for `max_duration_s` seconds in all; the tenant's wallet signs. `account` is the job's account.
#[must_use]
pub fn job_extend(job: Pubkey, account: &Job, max_duration_s: u32) -> Instruction {
    build(
        market::ID,
        &accounts::JobExtend {
            tenant: account.tenant,
            job,
            node: account.node,
            balance: address::balance(&account.tenant, &account.mint),
        },
        &arguments::JobExtend { max_duration_s },
    )
}
