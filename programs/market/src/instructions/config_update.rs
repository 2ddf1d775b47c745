//! Changes the configuration.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use super::config_initialize::{configured, MarketParameters};
use crate::{errors::MarketError, state::Config};

/// Accounts of `config_update`.
#[derive(Accounts)]
pub struct ConfigUpdate {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(mut, seeds = [b"config"], bump)]
    pub config: Account<Config>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<ConfigUpdate>, args: &MarketParameters) -> Result<()> {
    let config = &mut ctx.accounts.config;
    config.configure(args)?;
    emit(configured(config));
    Ok(())
}
