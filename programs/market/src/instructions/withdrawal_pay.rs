//! Pays out a withdrawal whose wait is over. By anyone.

use anchor_lang::prelude::*;
use anchor_spl::{
    token,
    token_interface::{Mint, TokenAccount, TokenInterface},
};
use gantry_onchain::{event::emit, token::Transfer};
use gantry_protocol::UnixSeconds;

use crate::{
    errors::MarketError,
    events::WithdrawalPaid,
    seeds,
    state::{RegisteredMint, Withdrawal},
};

/// Accounts of `withdrawal_pay`. Nobody signs, and nothing that governance can set is looked at: the tokens can only go to the owner.
#[derive(Accounts)]
pub struct WithdrawalPay {
    pub registered_mint: Account<RegisteredMint>,
    #[account(mut, close = owner)]
    pub withdrawal: Account<Withdrawal>,
    /// Gets the withdrawal's rent back.
    #[account(mut, address = withdrawal.owner)]
    pub owner: UncheckedAccount,
    #[account(address = registered_mint.mint)]
    pub mint: InterfaceAccount<Mint>,
    #[account(mut, address = registered_mint.vault)]
    pub vault: InterfaceAccount<TokenAccount>,
    /// Token account of the withdrawal's owner that receives.
    #[account(mut, token::mint = mint, token::authority = withdrawal.owner)]
    pub destination: InterfaceAccount<TokenAccount>,
    /// Owner of the vault; holds no data.
    #[account(seeds = [b"signer"], bump)]
    pub signer: UncheckedAccount,
    #[account(address = registered_mint.token_program)]
    pub token_program: Interface<'static, TokenInterface>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<WithdrawalPay>) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let bump = [ctx.bumps.signer];
    let accounts = &mut ctx.accounts;
    require!(
        accounts.withdrawal.mint == accounts.registered_mint.mint,
        MarketError::WrongWithdrawal
    );
    accounts.withdrawal.require_payable(now)?;
    let (amount, decimals) = (accounts.withdrawal.amount, accounts.registered_mint.decimals);
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
    emit(WithdrawalPaid {
        withdrawal: *accounts.withdrawal.address(),
        owner: accounts.withdrawal.owner,
        mint: accounts.withdrawal.mint,
        amount,
        received: received.ok_or(MarketError::AmountOverflow)?,
        at: now.0,
    });
    Ok(())
}
