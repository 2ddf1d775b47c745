//! Opens a mint to a class of GPUs, with the range of its rates.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events::PriceRangeConfigured,
    seeds,
    state::{Config, GpuClass, PriceRange, RegisteredMint},
};

/// Accounts of `price_range_register`.
#[derive(Accounts)]
pub struct PriceRangeRegister {
    /// The market's authority; pays the rent.
    #[account(mut, address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    pub gpu_class: Account<GpuClass>,
    pub registered_mint: Account<RegisteredMint>,
    #[account(init, payer = authority,
        seeds = [seeds::PRICE_RANGE, gpu_class.name.as_ref(), registered_mint.mint.as_ref()], bump)]
    pub price_range: Account<PriceRange>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<PriceRangeRegister>, floor: u64, ceiling: u64) -> Result<()> {
    let bump = ctx.bumps.price_range;
    let accounts = &mut ctx.accounts;
    let range = &mut accounts.price_range;
    range.class = accounts.gpu_class.name;
    range.mint = accounts.registered_mint.mint;
    range.bump = bump;
    range.set(floor, ceiling)?;
    emit(configured(*range.address(), range));
    Ok(())
}

/// The event that describes a range.
pub(super) fn configured(address: Address, range: &PriceRange) -> PriceRangeConfigured {
    PriceRangeConfigured {
        price_range: address,
        class: range.class,
        mint: range.mint,
        floor: range.floor,
        ceiling: range.ceiling,
    }
}
