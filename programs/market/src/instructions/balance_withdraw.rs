//! Moves tokens out of the vault.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{event::emit, token::Transfer};
use gantry_protocol::{Atoms, UnixSeconds};

use crate::{
    errors::MarketError,
    events::BalanceWithdrawn,
    seeds,
    state::{Balance, RegisteredMint},
};

/// Accounts of `balance_withdraw`.
#[derive(Accounts)]
pub struct BalanceWithdraw {
    #[account(address = balance.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    /// Counts what leaves, where it is capped.
    #[account(mut)]
    pub registered_mint: Account<RegisteredMint>,
    #[account(mut)]
    pub balance: Account<Balance>,
    #[account(address = registered_mint.mint)]
    pub mint: InterfaceAccount<Mint>,
    #[account(mut, address = registered_mint.vault)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account that receives, of the owner's choice.
    #[account(mut, token::mint = mint)]
    pub destination: InterfaceAccount<TokenAccount>,
    /// Owner of the vault; holds no data.
    #[account(seeds = [b"signer"], bump)]
    pub signer: UncheckedAccount,
    #[account(address = registered_mint.token_program)]
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<BalanceWithdraw>, amount: u64) -> Result<()> {
    let bump = [ctx.bumps.signer];
    let accounts = &mut ctx.accounts;
    require!(amount > 0, MarketError::ZeroAmount);
    accounts
        .balance
        .require_of(accounts.owner.address(), &accounts.registered_mint.mint)?;
    accounts.balance.debit(Atoms(amount))?;
    if accounts.registered_mint.is_capped() {
        let now = UnixSeconds(Clock::get()?.unix_timestamp);
        accounts.registered_mint.let_out(Atoms(amount), now)?;
    }
    let decimals = accounts.registered_mint.decimals;
    let before = accounts.destination.amount();
    Transfer {
        from: accounts.vault.try_to_cpi_handle_mut()?,
        mint: accounts.mint.to_cpi_handle(),
        to: accounts.destination.try_to_cpi_handle_mut()?,
        authority: accounts.signer.to_cpi_handle(),
        program: accounts.token_program.address(),
        decimals,
    }
    .invoke(amount, &[&[seeds::SIGNER, &bump]]);
    let received = accounts.destination.amount().checked_sub(before);
    let (balance, registered) = (&accounts.balance, &accounts.registered_mint);
    emit(BalanceWithdrawn {
        owner: balance.owner,
        mint: balance.mint,
        amount,
        balance: balance.amount,
        received: received.ok_or(MarketError::AmountOverflow)?,
        withdraw_room: registered.withdraw_room,
        withdraw_rest: u64::from(registered.withdraw_rest),
        room_at: registered.room_at,
    });
    Ok(())
}
