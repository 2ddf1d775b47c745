//! Changes the configuration.

use anchor_lang::prelude::*;

use super::config_initialize::{configured, MarketParameters};
use crate::{errors::MarketError, seeds, state::Config};

/// Accounts of `config_update`.
#[derive(Accounts)]
pub struct ConfigUpdate {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(mut, seeds = [seeds::CONFIG], bump = config.bump)]
    pub config: Account<Config>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<ConfigUpdate>, args: &MarketParameters) -> Result<()> {
    let config = &mut ctx.accounts.config;
    config.configure(args)?;
    emit!(configured(config));
    Ok(())
}
