//! Opens an owner's empty balance in a mint.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;

use crate::{
    events::BalanceOpened,
    seeds,
    state::{Balance, RegisteredMint},
};

/// Accounts of `balance_open`.
#[derive(Accounts)]
pub struct BalanceOpen {
    /// Pays the rent. `dup`: it may be the owner itself, of which only the address is read.
    #[account(mut, unsafe(dup))]
    pub payer: Signer,
    /// Whose balance it is; need not sign.
    pub owner: UncheckedAccount,
    pub registered_mint: Account<RegisteredMint>,
    #[account(init, payer = payer, seeds = [seeds::BALANCE, owner.address().as_ref(), registered_mint.mint.as_ref()], bump)]
    pub balance: Account<Balance>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<BalanceOpen>) -> Result<()> {
    let accounts = &mut ctx.accounts;
    let balance = &mut accounts.balance;
    balance.owner = *accounts.owner.address();
    balance.mint = accounts.registered_mint.mint;
    balance.bump = ctx.bumps.balance;
    emit(BalanceOpened {
        owner: balance.owner,
        mint: balance.mint,
    });
    Ok(())
}
