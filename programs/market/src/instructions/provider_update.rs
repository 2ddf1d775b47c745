//! Changes a provider's profile, and so rotates its keys.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use super::provider_register::{configured, ProviderProfile};
use crate::{errors::MarketError, state::Provider};

/// Accounts of `provider_update`.
#[derive(Accounts)]
pub struct ProviderUpdate {
    #[account(address = provider.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut)]
    pub provider: Account<Provider>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<ProviderUpdate>, args: &ProviderProfile) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    let provider = &mut ctx.accounts.provider;
    provider.set_profile(args)?;
    emit(configured(provider, now));
    Ok(())
}
