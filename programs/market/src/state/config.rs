//! The market's configuration.

use anchor_lang::prelude::*;
use gantry_protocol::{
    limits::{MAX_FEE_BPS, MAX_GRACE_WINDOW_S, MAX_START_DEADLINE_S, MIN_GRACE_WINDOW_S},
    Bps,
};

use crate::{MarketError, MarketParameters};

/// Below this age of a heartbeat an ordinary confirmation delay would look like silence.
const MIN_HEARTBEAT_AGE_S: u32 = 10;

/// One per program. Read when a job opens, never when it settles.
#[account]
#[derive(Debug, PartialEq, Eq)]
pub struct Config {
    /// Who may change this and register mints: governance.
    pub authority: Address,
    /// Genesis hash of this cluster, which every receipt names. A program cannot read it, so the first configuration records it.
    pub genesis_hash: [u8; 32],
    /// The wallet that gets what is not burned of the fees. It neither rents nor lets.
    pub treasury: Address,
    /// Stake that a job reserves per GPU, in base units of the network token.
    pub stake_per_gpu: u64,
    /// Seconds within which a job must be started.
    pub start_deadline_s: u32,
    /// Seconds after stop or expiry in which the provider may settle its last receipts.
    pub grace_window_s: u32,
    /// Seconds after which a node without a heartbeat takes no new job.
    pub heartbeat_max_age_s: u32,
    /// The protocol's part of what is owed, in basis points.
    pub fee_bps: u16,
    /// The part of fees in the network token that is burned, in basis points.
    pub fee_burn_bps: u16,
    /// 1 while no new jobs may be opened.
    pub paused: u8,
    /// Bump of this address.
    pub bump: u8,
    /// Named padding.
    pub padding: [u8; 6],
}

const _: () = assert!(core::mem::size_of::<Config>() == 128);

impl Config {
    /// Takes over parameters that lie inside the protocol's bounds.
    pub fn configure(&mut self, args: &MarketParameters) -> core::result::Result<(), MarketError> {
        if args.authority == Address::default() || args.treasury == Address::default() {
            return Err(MarketError::InvalidKey);
        }
        let in_range = args.fee_bps <= MAX_FEE_BPS
            && Bps::new(args.fee_burn_bps).is_some()
            && (MIN_GRACE_WINDOW_S..=MAX_GRACE_WINDOW_S).contains(&args.grace_window_s)
            && (1..=MAX_START_DEADLINE_S).contains(&args.start_deadline_s)
            && args.heartbeat_max_age_s >= MIN_HEARTBEAT_AGE_S;
        if !in_range {
            return Err(MarketError::ParameterOutOfRange);
        }
        self.authority = args.authority;
        self.treasury = args.treasury;
        self.stake_per_gpu = args.stake_per_gpu;
        self.start_deadline_s = args.start_deadline_s;
        self.grace_window_s = args.grace_window_s;
        self.heartbeat_max_age_s = args.heartbeat_max_age_s;
        self.fee_bps = args.fee_bps;
        self.fee_burn_bps = args.fee_burn_bps;
        self.paused = u8::from(args.paused);
        Ok(())
    }

    /// Refuses a job between these two when one of them is the treasury: its fee would come back to whoever paid or earned it.
    pub fn require_at_arms_length(
        &self,
        tenant: &Address,
        provider: &Address,
    ) -> core::result::Result<(), MarketError> {
        if self.treasury == *tenant || self.treasury == *provider {
            return Err(MarketError::TreasuryMayNotTrade);
        }
        Ok(())
    }
}
