//! Returns the whole escrow of a job that was not started.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use super::{
    job_end::GiveBack,
    recording::{note_cancelled, require_sides},
};
use crate::{
    events::JobCancelled,
    state::{Balance, Job, Node, Provider, Tenant},
};

/// Accounts of `job_cancel`.
#[derive(Accounts)]
pub struct JobCancel {
    /// Anyone; with the job's attestation key it is the provider's own wish.
    pub caller: Signer,
    #[account(mut)]
    pub job: Account<Job>,
    #[account(mut, address = job.node)]
    pub node: Account<Node>,
    /// The tenant's balance.
    #[account(mut)]
    pub balance: Account<Balance>,
    /// Signs towards the staking program; holds no data.
    #[account(seeds = [b"signer"], bump)]
    pub signer: UncheckedAccount,
    /// The staking pool; the staking program checks it.
    pub pool: Account<staking::state::Pool>,
    /// The provider's stake.
    #[account(mut)]
    pub stake: Account<staking::state::Stake>,
    #[account(address = staking::ID)]
    pub staking_program: UncheckedAccount,
    /// The provider's account, whose record the job changes.
    #[account(mut)]
    pub provider: Account<Provider>,
    /// The tenant's account, whose record the job changes.
    #[account(mut)]
    pub tenant_account: Account<Tenant>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobCancel>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let signer_bump = ctx.bumps.signer;
    let accounts = &mut ctx.accounts;
    let by_provider = *accounts.caller.address() == accounts.job.attestation_key;
    let refund = accounts.job.cancel(now, by_provider)?;
    require_sides(&accounts.job, &accounts.provider, &accounts.tenant_account)?;
    GiveBack {
        job: &accounts.job,
        balance: &mut accounts.balance,
        node: &mut accounts.node,
        stake: &mut accounts.stake,
        pool: &accounts.pool,
        signer: &accounts.signer,
        signer_bump,
        staking_program: &accounts.staking_program,
    }
    .carry_out(refund)?;
    let job = &accounts.job;
    emit(JobCancelled {
        job: *job.address(),
        refund: job.refund,
        balance: accounts.balance.amount,
        at: now.0,
        gpus_free: u64::from(accounts.node.gpus_free),
    });
    note_cancelled(&accounts.job, &mut accounts.provider, &mut accounts.tenant_account);
    Ok(())
}
