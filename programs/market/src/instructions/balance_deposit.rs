//! Moves tokens into the vault.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{event::emit, token::Transfer};
use gantry_protocol::Atoms;

use crate::{
    errors::MarketError,
    events::BalanceDeposited,
    state::{Balance, RegisteredMint},
};

/// Accounts of `balance_deposit`.
#[derive(Accounts)]
pub struct BalanceDeposit {
    #[account(address = balance.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    pub registered_mint: Account<RegisteredMint>,
    #[account(mut)]
    pub balance: Account<Balance>,
    #[account(address = registered_mint.mint)]
    pub mint: InterfaceAccount<Mint>,
    #[account(mut, address = registered_mint.vault)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account that pays; the token program checks that the owner may spend it.
    #[account(mut, token::mint = mint)]
    pub source: InterfaceAccount<TokenAccount>,
    #[account(address = registered_mint.token_program)]
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<BalanceDeposit>, amount: u64) -> Result<()> {
    let accounts = &mut ctx.accounts;
    require!(amount > 0, MarketError::ZeroAmount);
    accounts
        .balance
        .require_of(accounts.owner.address(), &accounts.registered_mint.mint)?;
    let decimals = accounts.registered_mint.decimals;
    let before = accounts.vault.amount();
    Transfer {
        from: accounts.source.try_to_cpi_handle_mut()?,
        mint: accounts.mint.to_cpi_handle(),
        to: accounts.vault.try_to_cpi_handle_mut()?,
        authority: accounts.owner.to_cpi_handle(),
        program: accounts.token_program.address(),
        decimals,
    }
    .invoke(amount, &[]);
    // What arrived, not what was sent: a mint may take a fee of its own, and may change it at any time.
    let received = accounts.vault.amount().checked_sub(before);
    let received = received.ok_or(MarketError::AmountOverflow)?;
    require!(received > 0, MarketError::NothingArrived);
    accounts.balance.credit(Atoms(received))?;
    let balance = &accounts.balance;
    emit(BalanceDeposited {
        owner: balance.owner,
        mint: balance.mint,
        amount: received,
        balance: balance.amount,
        sent: amount,
    });
    Ok(())
}
