//! A class of GPUs: the name under which people compare prices.

use anchor_lang::prelude::*;
use gantry_protocol::class;

use crate::MarketError;

/// One per class that governance has named. Never closed: nodes name it for good.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct GpuClass {
    /// Its name, such as `h100-sxm`.
    pub name: [u8; 16],
    /// 1 while new nodes and jobs of it are welcome.
    pub enabled: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 6],
}

const _: () = assert!(core::mem::size_of::<GpuClass>() == 24);

impl GpuClass {
    /// Becomes the class of this name, enabled.
    pub fn register(&mut self, name: [u8; 16]) -> core::result::Result<(), MarketError> {
        if !class::is_valid(&name) {
            return Err(MarketError::InvalidName);
        }
        self.name = name;
        self.enabled = 1;
        Ok(())
    }

    /// Refuses when it is not the class of this name, or takes nothing new.
    pub fn require_open(&self, name: &[u8; 16]) -> core::result::Result<(), MarketError> {
        if self.name != *name {
            return Err(MarketError::WrongClass);
        }
        if self.enabled == 0 {
            return Err(MarketError::ClassDisabled);
        }
        Ok(())
    }
}
