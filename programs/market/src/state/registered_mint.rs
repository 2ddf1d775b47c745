//! A mint that jobs may be paid in.

use anchor_lang::prelude::*;
use gantry_protocol::{limits::FEE_SHARDS, outflow::Outflow, Atoms, UnixSeconds};

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
    /// Base units that may be withdrawn in a window, or [`gantry_protocol::outflow::UNCAPPED`].
    pub withdraw_cap: u64,
    /// Base units that could be withdrawn at [`Self::room_at`].
    pub withdraw_room: u64,
    /// Unix seconds at which the room was counted.
    pub room_at: i64,
    /// Decimals of the mint.
    pub decimals: u8,
    /// 1 while new jobs may be opened in it.
    pub enabled: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Fee shards that are open.
    pub fee_shards: u8,
    /// Parts of another base unit that could be withdrawn, as many as the window has seconds.
    pub withdraw_rest: u16,
    /// Named padding.
    pub padding: [u8; 2],
}

const _: () = assert!(core::mem::size_of::<RegisteredMint>() == 136);

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

    /// Sets how much may be withdrawn in a window.
    pub fn set_withdraw_cap(&mut self, cap: u64, now: UnixSeconds) {
        let mut outflow = self.outflow();
        outflow.set_cap(cap, now);
        self.count(outflow);
    }

    /// Begins without a cap.
    pub fn begin_uncapped(&mut self, now: UnixSeconds) {
        self.count(Outflow::uncapped(now));
    }

    /// Whether withdrawals are capped.
    #[inline(always)]
    #[must_use]
    pub fn is_capped(&self) -> bool {
        self.outflow().is_capped()
    }

    /// Lets `amount` be withdrawn. Refuses more than there is room for.
    #[inline(never)]
    pub fn let_out(&mut self, amount: Atoms, now: UnixSeconds) -> core::result::Result<(), MarketError> {
        let mut outflow = self.outflow();
        if !outflow.take(amount, now) {
            return Err(MarketError::WithdrawalCapped);
        }
        self.count(outflow);
        Ok(())
    }

    /// What may be withdrawn, as it was counted last.
    #[inline(always)]
    #[must_use]
    pub fn outflow(&self) -> Outflow {
        Outflow {
            cap: self.withdraw_cap,
            room: self.withdraw_room,
            rest: self.withdraw_rest,
            at: UnixSeconds(self.room_at),
        }
    }

    fn count(&mut self, outflow: Outflow) {
        self.withdraw_cap = outflow.cap;
        self.withdraw_room = outflow.room;
        self.withdraw_rest = outflow.rest;
        self.room_at = outflow.at.0;
    }
}
