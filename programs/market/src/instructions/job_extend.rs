//! Rents a job's GPUs for longer.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{
    errors::MarketError,
    events::JobExtended,
    state::{Balance, Job, Node},
};

/// Accounts of `job_extend`.
#[derive(Accounts)]
pub struct JobExtend {
    /// The tenant's wallet: a session key must not spend beyond the escrow.
    #[account(address = job.tenant @ MarketError::NotTenant)]
    pub tenant: Signer,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(address = job.node)]
    pub node: Account<Node>,
    /// The tenant's balance.
    #[account(mut)]
    pub balance: Account<Balance>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobExtend>, max_duration_s: u32) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let accounts = &mut ctx.accounts;
    accounts
        .balance
        .require_of(accounts.tenant.address(), &accounts.job.mint)?;
    accounts.node.require_offered_for(max_duration_s)?;
    let more = accounts.job.extend(max_duration_s, now)?;
    accounts.balance.debit(more)?;
    emit(JobExtended {
        job: *accounts.job.address(),
        escrow: accounts.job.escrow,
        balance: accounts.balance.amount,
        max_duration_s: u64::from(max_duration_s),
        at: now.0,
    });
    Ok(())
}
