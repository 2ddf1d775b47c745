//! Admits a mint and creates its vault.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{TokenAccount, TokenInterface},
};
use gantry_onchain::event::emit;

use crate::{
    admission::AdmittedMint,
    errors::MarketError,
    events::MintConfigured,
    seeds,
    state::{Config, RegisteredMint},
};

/// Accounts of `mint_register`.
#[derive(Accounts)]
pub struct MintRegister {
    /// The market's authority; pays the rent.
    #[account(mut, address = config.authority @ MarketError::NotAuthority)]
    pub authority: Signer,
    #[account(seeds = [b"config"], bump)]
    pub config: Account<Config>,
    pub mint: InterfaceAccount<AdmittedMint>,
    #[account(init, payer = authority, seeds = [seeds::MINT, mint.address().as_ref()], bump)]
    pub registered_mint: Account<RegisteredMint>,
    /// Owner of all vaults; holds no data.
    #[account(seeds = [b"signer"], bump)]
    pub signer: UncheckedAccount,
    #[account(init, payer = authority, seeds = [seeds::VAULT, mint.address().as_ref()], bump,
        token::mint = mint, token::authority = signer, token::token_program = token_program)]
    pub vault: InterfaceAccount<TokenAccount>,
    pub token_program: Interface<'static, TokenInterface>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<MintRegister>) -> Result<()> {
    let accounts = &mut ctx.accounts;
    let registered = &mut accounts.registered_mint;
    registered.mint = *accounts.mint.address();
    registered.vault = *accounts.vault.address();
    registered.token_program = *accounts.token_program.address();
    registered.decimals = accounts.mint.decimals();
    registered.enabled = 1;
    registered.bump = ctx.bumps.registered_mint;
    emit(configured(registered));
    Ok(())
}

/// The event that describes a registered mint.
pub(super) fn configured(registered: &RegisteredMint) -> MintConfigured {
    MintConfigured {
        mint: registered.mint,
        vault: registered.vault,
        token_program: registered.token_program,
        decimals: u32::from(registered.decimals),
        enabled: u32::from(registered.enabled),
    }
}
