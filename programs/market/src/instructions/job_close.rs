//! Closes a job: pays nothing more, refunds the rest.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, UnixSeconds};

use super::{
    job_end::GiveBack,
    recording::{note_closed, require_sides},
};
use crate::{
    events::JobClosed,
    state::{Balance, FeeShard, Job, Node, Provider, Tenant},
};

/// Accounts of `job_close`.
#[derive(Accounts)]
pub struct JobClose {
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
    /// The shard that collects the job's fee.
    #[account(mut)]
    pub fee_shard: Account<FeeShard>,
    /// The provider's account, whose record the job changes.
    #[account(mut)]
    pub provider: Account<Provider>,
    /// The tenant's account, whose record the job changes.
    #[account(mut)]
    pub tenant_account: Account<Tenant>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobClose>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let signer_bump = ctx.bumps.signer;
    let accounts = &mut ctx.accounts;
    let by_provider = *accounts.caller.address() == accounts.job.attestation_key;
    let refund = accounts.job.conclude(now, by_provider)?;
    require_sides(&accounts.job, &accounts.provider, &accounts.tenant_account)?;
    let job = &accounts.job;
    accounts.fee_shard.collect(job.address(), &job.mint, Atoms(job.fee))?;
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
    emit(JobClosed {
        job: *job.address(),
        fee_shard: *accounts.fee_shard.address(),
        owed: job.owed,
        paid: job.paid,
        fee: job.fee,
        refund: job.refund,
        balance: accounts.balance.amount,
        fee_shard_amount: accounts.fee_shard.amount,
        at: now.0,
        gpus_free: u64::from(accounts.node.gpus_free),
    });
    note_closed(&accounts.job, &mut accounts.provider, &mut accounts.tenant_account);
    Ok(())
}
