//! A mint that jobs may be paid in.

use anchor_lang::prelude::*;
use gantry_protocol::limits::FEE_SHARDS;

use crate::MarketError;

/// One per admitted mint, with its vault.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct RegisteredMint {
    /// The mint.
    pub mint: Address,
    /// Token account that holds every deposit in this mint; its authority is the market's signer.
    pub vault: Address,
    /// The token program that owns both.
    pub token_program: Address,
    /// Value of a million of its base units in base units of the network token; zero: its fees weigh nothing in anyone's record.
    pub reference_price: u64,
    /// Decimals of the mint.
    pub decimals: u8,
    /// 1 while new jobs may be opened in it.
    pub enabled: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Fee shards that are open.
    pub fee_shards: u8,
    /// Named padding.
    pub padding: [u8; 4],
}

const _: () = assert!(core::mem::size_of::<RegisteredMint>() == 112);

impl RegisteredMint {
    /// Counts another fee shard. Each opens once, so the count says whether all are there.
    pub fn add_fee_shard(&mut self) -> core::result::Result<(), MarketError> {
        self.fee_shards = self.fee_shards.checked_add(1).ok_or(MarketError::NoSuchFeeShard)?;
        Ok(())
    }

    /// Refuses new jobs while they are not wanted, or while one of them might find no shard for its fee when it closes.
    pub fn require_open(&self) -> core::result::Result<(), MarketError> {
        if self.enabled == 0 {
            return Err(MarketError::MintDisabled);
        }
        if self.fee_shards < FEE_SHARDS {
            return Err(MarketError::FeeShardsMissing);
        }
        Ok(())
    }
}
