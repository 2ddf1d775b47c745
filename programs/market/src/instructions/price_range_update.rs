//! Changes what a class of GPUs may cost in a mint.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use super::price_range_register::configured;
use crate::{
    errors::MarketError,
    state::{Config, PriceRange},
};

/// Accounts of `price_range_update`.
#[derive(Accounts)]
pub struct PriceRangeUpdate {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    #[account(mut)]
    pub price_range: Account<PriceRange>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<PriceRangeUpdate>, floor: u64, ceiling: u64) -> Result<()> {
    let range = &mut ctx.accounts.price_range;
    range.set(floor, ceiling)?;
    emit(configured(*range.address(), range));
    Ok(())
}
