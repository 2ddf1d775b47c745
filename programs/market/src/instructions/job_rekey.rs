//! Makes a job accept receipts of the provider's current attestation key.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::JobRekeyed,
    seeds,
    state::{Job, Provider},
};

/// Accounts of `job_rekey`. The provider signs, because what its old key has signed can be settled only before.
#[derive(Accounts)]
pub struct JobRekey {
    /// The provider's wallet or its current attestation key.
    pub caller: Signer,
    #[account(seeds = [seeds::PROVIDER, provider.owner.as_ref()], bump = provider.bump)]
    pub provider: Account<Provider>,
    #[account(mut)]
    pub job: Account<Job>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<JobRekey>) -> Result<()> {
    let provider = &ctx.accounts.provider;
    let caller = ctx.accounts.caller.address();
    require!(
        *caller == provider.owner || *caller == provider.attestation_key,
        MarketError::NotProvider
    );
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
