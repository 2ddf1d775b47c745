//! A tenant: what is known of a wallet that rents.

use anchor_lang::prelude::*;

use super::Record;
use crate::MarketError;

/// One per wallet that rents, for all mints. Opened once; no job opens without, so that every job finds it when it ends.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Tenant {
    /// The wallet.
    pub wallet: Address,
    /// Unix seconds of the opening.
    pub opened_at: i64,
    /// What its jobs have shown of it.
    pub record: Record,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 7],
}

const _: () = assert!(core::mem::size_of::<Tenant>() == 104);

impl Tenant {
    /// Refuses the account of another wallet.
    pub fn require_of(&self, wallet: &Address) -> core::result::Result<(), MarketError> {
        if self.wallet != *wallet {
            return Err(MarketError::WrongTenant);
        }
        Ok(())
    }
}
