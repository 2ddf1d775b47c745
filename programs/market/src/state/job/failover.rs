//! Going on elsewhere after a node was lost.

use anchor_lang::prelude::*;
use gantry_protocol::{limits::FAILOVER_WINDOW_S, Metered, UnixSeconds};

use super::{Job, JobState, Outcome};
use crate::MarketError;

impl Job {
    /// Refuses a job that has not ended, was finished, has nothing left, was re-opened before, or ended too long ago. Where the provider
    /// has announced an exit, a final receipt does not say that the work is done: both sides sign one at the exit too, or before it, so
    /// as to move in time.
    pub fn require_failover(&self, now: UnixSeconds) -> Outcome<()> {
        let has_ended = self.state == JobState::Closed as u8 || self.state == JobState::Cancelled as u8;
        let is_unfinished = self.is_final == 0 || self.exits_at != 0;
        if !has_ended || !is_unfinished || self.refund == 0 {
            return Err(MarketError::NothingToFailOver);
        }
        if self.successor != Address::default() {
            return Err(MarketError::AlreadyFailedOver);
        }
        if now > UnixSeconds(self.ended_at).after(FAILOVER_WINDOW_S) {
            return Err(MarketError::FailoverTooLate);
        }
        Ok(())
    }

    /// Names the job that goes on with the rest, which must be no dearer, no longer and cost no more than what is left: a session key
    /// disposes of its job's escrow and of nothing else.
    pub fn hand_over(&mut self, address: Address, successor: &Self) -> Outcome<()> {
        if successor.rate > self.rate {
            return Err(MarketError::RateAboveLimit);
        }
        let used = Metered::of_seconds(successor.max_duration_s)
            .0
            .saturating_add(self.metered_ms);
        if used > Metered::of_seconds(self.max_duration_s).0 || successor.escrow > self.refund {
            return Err(MarketError::FailoverTooLong);
        }
        self.successor = address;
        Ok(())
    }
}
