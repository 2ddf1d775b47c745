//! Announces when the provider ends a job.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{errors::MarketError, events::JobExitAnnounced, state::Job};

/// Accounts of `job_exit`.
#[derive(Accounts)]
pub struct JobExit {
    /// The provider's wallet or the job's attestation key.
    pub caller: Signer,
    #[account(mut)]
    pub job: Account<Job>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobExit>, exits_at: i64) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let caller = *ctx.accounts.caller.address();
    let address = *ctx.accounts.job.address();
    let job = &mut ctx.accounts.job;
    require!(
        caller == job.provider || caller == job.attestation_key,
        MarketError::NotProvider
    );
    job.announce_exit(UnixSeconds(exits_at), now)?;
    emit(JobExitAnnounced {
        job: address,
        exits_at,
        at: now.0,
    });
    Ok(())
}
