//! Fees of ended jobs in one mint, until they are swept.

use anchor_lang::prelude::*;
use gantry_protocol::{fees, limits::FEE_SHARDS, Atoms};

use crate::MarketError;

/// One of [`FEE_SHARDS`] per mint. Never closed: a job that opens counts on it.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct FeeShard {
    /// The mint.
    pub mint: Address,
    /// Base units that the vault holds for it.
    pub amount: u64,
    /// Its number among the mint's shards.
    pub number: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 6],
}

const _: () = assert!(core::mem::size_of::<FeeShard>() == 48);

impl FeeShard {
    /// Becomes shard `number` of `mint`, empty.
    pub fn open(&mut self, mint: Address, number: u8) -> core::result::Result<(), MarketError> {
        if number >= FEE_SHARDS {
            return Err(MarketError::NoSuchFeeShard);
        }
        self.mint = mint;
        self.number = number;
        Ok(())
    }

    /// Takes over the fee of the job at `job`, which was paid in `mint`. Refuses when another shard collects that job's fee.
    pub fn collect(&mut self, job: &Address, mint: &Address, fee: Atoms) -> core::result::Result<(), MarketError> {
        if self.mint != *mint || self.number != fees::shard_of(job.as_array()) {
            return Err(MarketError::WrongFeeShard);
        }
        self.amount = self.amount.checked_add(fee.0).ok_or(MarketError::AmountOverflow)?;
        Ok(())
    }

    /// Empties the shard, which is one of `mint`, and returns what it held.
    pub fn empty(&mut self, mint: &Address) -> core::result::Result<Atoms, MarketError> {
        if self.mint != *mint {
            return Err(MarketError::WrongFeeShard);
        }
        if self.amount == 0 {
            return Err(MarketError::NothingToSweep);
        }
        Ok(Atoms(core::mem::take(&mut self.amount)))
    }
}
