//! Stops new jobs in a mint, or admits them again.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use super::mint_register::configured;
use crate::{
    errors::MarketError,
    state::{Config, RegisteredMint},
};

/// Accounts of `mint_update`.
#[derive(Accounts)]
pub struct MintUpdate {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    #[account(mut)]
    pub registered_mint: Account<RegisteredMint>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<MintUpdate>, enabled: bool) -> Result<()> {
    let registered = &mut ctx.accounts.registered_mint;
    registered.enabled = u8::from(enabled);
    emit(configured(registered));
    Ok(())
}
