//! A wallet's money inside the market.

use anchor_lang::prelude::*;
use gantry_protocol::Atoms;

use crate::MarketError;

/// One per wallet and mint. A provider's balance collects its pay.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Balance {
    /// The wallet that may withdraw.
    pub owner: Address,
    /// The mint.
    pub mint: Address,
    /// Base units.
    pub amount: u64,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 7],
}

const _: () = assert!(core::mem::size_of::<Balance>() == 80);

impl Balance {
    /// Adds `amount`.
    pub fn credit(&mut self, amount: Atoms) -> core::result::Result<(), MarketError> {
        self.amount = self.amount.checked_add(amount.0).ok_or(MarketError::AmountOverflow)?;
        Ok(())
    }

    /// Takes `amount` away.
    pub fn debit(&mut self, amount: Atoms) -> core::result::Result<(), MarketError> {
        self.amount = self
            .amount
            .checked_sub(amount.0)
            .ok_or(MarketError::InsufficientBalance)?;
        Ok(())
    }

    /// Refuses when this is not the balance of `owner` in `mint`.
    pub fn require_of(&self, owner: &Address, mint: &Address) -> core::result::Result<(), MarketError> {
        if self.owner != *owner || self.mint != *mint {
            return Err(MarketError::WrongBalance);
        }
        Ok(())
    }
}
