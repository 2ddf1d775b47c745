//! Puts a withdrawal that waits back into its balance. With `balance_withdraw` behind it in one transaction, it is paid before its time
//! as soon as the cap leaves room.

use anchor_lang::prelude::*;
use gantry_onchain::event::emit;
use gantry_protocol::Atoms;

use crate::{
    errors::MarketError,
    events::WithdrawalCancelled,
    state::{Balance, Withdrawal},
};

/// Accounts of `withdrawal_cancel`.
#[derive(Accounts)]
pub struct WithdrawalCancel {
    /// Whose withdrawal it is; gets its rent back.
    #[account(mut, address = withdrawal.owner @ MarketError::NotOwner)]
    pub owner: Signer,
    #[account(mut, address = withdrawal.balance)]
    pub balance: Account<Balance>,
    #[account(mut, close = owner)]
    pub withdrawal: Account<Withdrawal>,
}

#[inline(never)]
pub(crate) fn handle(ctx: &mut Context<WithdrawalCancel>) -> Result<()> {
    let accounts = &mut ctx.accounts;
    let (withdrawal, balance) = (&accounts.withdrawal, &mut accounts.balance);
    balance.credit(Atoms(withdrawal.amount))?;
    emit(WithdrawalCancelled {
        withdrawal: *withdrawal.address(),
        owner: withdrawal.owner,
        mint: withdrawal.mint,
        amount: withdrawal.amount,
        balance: balance.amount,
    });
    Ok(())
}
