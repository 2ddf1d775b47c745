//! The pool: parameters and the vault of all bonds.

use anchor_lang::prelude::*;
use gantry_protocol::limits::{MAX_UNBONDING_PERIOD_S, MIN_UNBONDING_PERIOD_S};

use crate::StakingError;

/// One per program. Written only when tokens come or go and when parameters change; jobs never write it.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Pool {
    /// Who may change the parameters: governance.
    pub authority: Address,
    /// The network token.
    pub mint: Address,
    /// Token account that holds all bonds; its authority is this account.
    pub vault: Address,
    /// The market's signer, which alone reserves and releases; fixed when the pool is created.
    pub market_signer: Address,
    /// Σ over stakes of active + unbonding, in base units.
    pub staked: u64,
    /// Seconds from a request until its tokens may leave.
    pub unbonding_period_s: u32,
    /// Decimals of the mint.
    pub decimals: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 2],
}

const _: () = assert!(core::mem::size_of::<Pool>() == 144);

impl Pool {
    /// Names the market, once and for all: with another one, what running jobs reserve could never be released again.
    pub fn bind_market(&mut self, market_signer: Address) -> core::result::Result<(), StakingError> {
        if market_signer == Address::default() {
            return Err(StakingError::InvalidKey);
        }
        self.market_signer = market_signer;
        Ok(())
    }

    /// Takes over parameters. Running unbonding requests keep the time they were given.
    pub fn configure(&mut self, authority: Address, unbonding_period_s: u32) -> core::result::Result<(), StakingError> {
        if authority == Address::default() {
            return Err(StakingError::InvalidKey);
        }
        if !(MIN_UNBONDING_PERIOD_S..=MAX_UNBONDING_PERIOD_S).contains(&unbonding_period_s) {
            return Err(StakingError::UnbondingPeriodOutOfRange);
        }
        self.authority = authority;
        self.unbonding_period_s = unbonding_period_s;
        Ok(())
    }

    /// Counts tokens that arrived in the vault.
    pub fn receive(&mut self, amount: u64) -> core::result::Result<(), StakingError> {
        self.staked = self.staked.checked_add(amount).ok_or(StakingError::AmountOverflow)?;
        Ok(())
    }

    /// Counts tokens that leave the vault.
    pub fn pay_out(&mut self, amount: u64) -> core::result::Result<(), StakingError> {
        self.staked = self.staked.checked_sub(amount).ok_or(StakingError::InsufficientStake)?;
        Ok(())
    }
}
