//! Starts metering.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{errors::MarketError, events::JobStarted, state::Job};

/// Accounts of `job_start`.
#[derive(Accounts)]
pub struct JobStart {
    #[account(address = job.attestation_key @ MarketError::NotAttestationKey)]
    pub attestation_key: Signer,
    #[account(mut)]
    pub job: Account<Job>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobStart>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let address = *ctx.accounts.job.address();
    ctx.accounts.job.start(now)?;
    emit(JobStarted {
        job: address,
        at: now.0,
    });
    Ok(())
}
