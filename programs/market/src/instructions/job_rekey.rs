//! Makes a job accept receipts of the provider's current attestation key.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::JobRekeyed,
    seeds,
    state::{Job, Provider},
};

/// Accounts of `job_rekey`. Nobody signs: the provider's account already says which key is the current one.
#[derive(Accounts)]
pub struct JobRekey {
    #[account(seeds = [seeds::PROVIDER, provider.owner.as_ref()], bump = provider.bump)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub job: Account<Job>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobRekey>) -> Result<()> {
    let provider = &ctx.accounts.provider;
    require!(provider.owner == ctx.accounts.job.provider, MarketError::NotOwner);
    let attestation_key = provider.attestation_key;
    let address = *ctx.accounts.job.address();
    ctx.accounts.job.rekey(attestation_key)?;
    emit(JobRekeyed {
        job: address,
        attestation_key,
    });
    Ok(())
}
