//! The rates that governance allows for a class of GPUs in one mint.

use anchor_lang::prelude::*;
use gantry_protocol::Rate;

use crate::MarketError;

/// One per class and mint in which nodes of the class may be rented. Never closed: whoever priced a node can always withdraw the price.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct PriceRange {
    /// The class's name.
    pub class: [u8; 16],
    /// The mint.
    pub mint: Address,
    /// Lowest rate per GPU, in micro-atoms per second.
    pub floor: u64,
    /// Highest rate per GPU, in micro-atoms per second.
    pub ceiling: u64,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 7],
}

const _: () = assert!(core::mem::size_of::<PriceRange>() == 72);

impl PriceRange {
    /// Takes over a range that holds at least one rate.
    pub fn set(&mut self, floor: u64, ceiling: u64) -> core::result::Result<(), MarketError> {
        if ceiling == 0 || floor > ceiling {
            return Err(MarketError::PriceRangeEmpty);
        }
        self.floor = floor;
        self.ceiling = ceiling;
        Ok(())
    }

    /// Refuses when it is the range of another class or mint.
    pub fn require_of(&self, class: &[u8; 16], mint: &Address) -> core::result::Result<(), MarketError> {
        if self.class != *class || self.mint != *mint {
            return Err(MarketError::WrongPriceRange);
        }
        Ok(())
    }

    /// Refuses a rate per GPU outside the range.
    pub fn require_holds(&self, rate: Rate) -> core::result::Result<(), MarketError> {
        if rate.0 < self.floor || rate.0 > self.ceiling {
            return Err(MarketError::RateOutOfRange);
        }
        Ok(())
    }
}
