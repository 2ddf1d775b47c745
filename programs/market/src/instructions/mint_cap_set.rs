//! Sets how much of a mint may be withdrawn at once.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::UnixSeconds;

use super::mint_register::configured;
use crate::{
    errors::MarketError,
    state::{Config, RegisteredMint},
};

/// Accounts of `mint_cap_set`.
#[derive(Accounts)]
pub struct MintCapSet {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    #[account(mut)]
    pub registered_mint: Account<RegisteredMint>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<MintCapSet>, withdraw_cap: u64) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let registered = &mut ctx.accounts.registered_mint;
    registered.set_withdraw_cap(withdraw_cap, now);
    emit(configured(registered));
    Ok(())
}
