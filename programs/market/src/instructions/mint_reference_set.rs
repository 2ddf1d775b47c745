//! Sets what fees in a mint weigh in records.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    errors::MarketError,
    events,
    state::{Config, RegisteredMint},
};

/// Accounts of `mint_reference_set`.
#[derive(Accounts)]
pub struct MintReferenceSet {
    #[account(address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    #[account(mut)]
    pub registered_mint: Account<RegisteredMint>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<MintReferenceSet>, reference_price: u64) -> Result<()> {
    let registered = &mut ctx.accounts.registered_mint;
    registered.reference_price = reference_price;
    emit(events::MintReferenceSet {
        mint: registered.mint,
        reference_price,
    });
    Ok(())
}
