//! Ends metering at the tenant's wish.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use crate::{errors::MarketError, events::JobStopped, state::Job};

/// Accounts of `job_stop`.
#[derive(Accounts)]
pub struct JobStop {
    /// The tenant's wallet or its session key.
    pub tenant: Signer,
    #[account(mut)]
    pub job: Account<Job>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobStop>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let signer = *ctx.accounts.tenant.address();
    let address = *ctx.accounts.job.address();
    let job = &mut ctx.accounts.job;
    require!(
        signer == job.tenant || signer == job.session_key,
        MarketError::NotTenant
    );
    job.stop(now)?;
    emit(JobStopped {
        job: address,
        at: now.0,
    });
    Ok(())
}
