//! Going on elsewhere after a node was lost.

use anchor_lang::prelude::*;
use gantry_protocol::{limits::FAILOVER_WINDOW_S, Metered, UnixSeconds};

use super::{Job, JobState, Outcome};
use crate::MarketError;

impl Job {
    /// Refuses a job that has not ended, was finished, has nothing left, was re-opened before, or ended too long ago.
    pub fn require_failover(&self, now: UnixSeconds) -> Outcome<()> {
        let is_unfinished = self.is_final == 0 || self.ended_by_exit();
        if self.state != JobState::Closed as u8 || !is_unfinished || self.refund == 0 {
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

    /// Whether the provider's announced exit ended it: both sides have then signed a final receipt, and the work was still not done.
    #[must_use]
    pub const fn ended_by_exit(&self) -> bool {
        self.exits_at != 0 && self.ended_at >= self.exits_at
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
