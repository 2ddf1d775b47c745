//! A withdrawal that waits, because more left the mint's vault than its cap allows.

use anchor_lang::prelude::*;
use gantry_protocol::{
    limits::{MAX_WITHDRAWALS, WITHDRAW_MAX_WAIT_S},
    Atoms, UnixSeconds,
};

use super::Balance;
use crate::MarketError;

/// At most [`MAX_WITHDRAWALS`] per balance. What it holds has left the balance, and leaves the market after [`WITHDRAW_MAX_WAIT_S`],
/// whatever governance does meanwhile.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// The balance that it came from.
    pub balance: Address,
    /// The wallet that it is paid to.
    pub owner: Address,
    /// The mint.
    pub mint: Address,
    /// Base units.
    pub amount: u64,
    /// Unix seconds from which anyone may have it paid out.
    pub payable_at: i64,
    /// Its number among the balance's withdrawals.
    pub number: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 6],
}

const _: () = assert!(core::mem::size_of::<Withdrawal>() == 120);

impl Withdrawal {
    /// Takes `amount` out of a balance to wait here, as number `number`.
    pub fn request(
        &mut self,
        balance: &mut Account<Balance>,
        number: u8,
        amount: Atoms,
        now: UnixSeconds,
    ) -> core::result::Result<(), MarketError> {
        if number >= MAX_WITHDRAWALS {
            return Err(MarketError::NoSuchWithdrawal);
        }
        if amount == Atoms::ZERO {
            return Err(MarketError::ZeroAmount);
        }
        balance.debit(amount)?;
        self.balance = *balance.address();
        self.owner = balance.owner;
        self.mint = balance.mint;
        self.amount = amount.0;
        self.payable_at = now.after(WITHDRAW_MAX_WAIT_S).0;
        self.number = number;
        Ok(())
    }

    /// Refuses to pay before the wait is over.
    pub fn require_payable(&self, now: UnixSeconds) -> core::result::Result<(), MarketError> {
        if now.0 < self.payable_at {
            return Err(MarketError::WithdrawalWaiting);
        }
        Ok(())
    }
}
