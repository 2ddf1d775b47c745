//! Asks for a withdrawal that nothing can stop: it is paid after the longest wait, whatever the mint's cap says.

#![allow(unused_variables)] // The derive binds the argument in seeds again where it does not use it.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::{Atoms, UnixSeconds};

use crate::{
    errors::MarketError,
    events::WithdrawalRequested,
    seeds,
    state::{Balance, Withdrawal},
};

/// Accounts of `withdrawal_request`.
#[derive(Accounts)]
#[instruction(number: u8)]
pub struct WithdrawalRequest {
    /// Whose balance it is; pays the rent, which comes back with the tokens.
    #[account(mut, address = balance.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut)]
    pub balance: Account<Balance>,
    #[account(init, payer = owner, seeds = [seeds::WITHDRAWAL, balance.address().as_ref(), &[number]], bump)]
    pub withdrawal: Account<Withdrawal>,
    pub system_program: Program<System>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<WithdrawalRequest>, number: u8, amount: u64) -> Result<()> {
    let now = UnixSeconds(Clock::get()?.unix_timestamp);
    let bump = ctx.bumps.withdrawal;
    let accounts = &mut ctx.accounts;
    let (withdrawal, balance) = (&mut accounts.withdrawal, &mut accounts.balance);
    withdrawal.request(balance, number, Atoms(amount), now)?;
    withdrawal.bump = bump;
    emit(WithdrawalRequested {
        withdrawal: *withdrawal.address(),
        owner: withdrawal.owner,
        mint: withdrawal.mint,
        amount,
        balance: balance.amount,
        payable_at: withdrawal.payable_at,
        number: u64::from(number),
    });
    Ok(())
}
