//! What a job says about its provider and its tenant.

use gantry_protocol::{
    reputation::{Closing, Deed, Terms},
    Bps, Metered, Rate, UnixSeconds,
};

use super::Job;

impl Job {
    /// What a closed job shows, by nothing but its own record.
    #[must_use]
    pub fn closing(&self) -> Closing {
        let started_at = UnixSeconds(self.started_at);
        // An exit that was announced in time is the end of what was promised.
        let expires_at = self.until_exit(started_at.after(self.max_duration_s));
        let ended_at = UnixSeconds(self.ended_at);
        // A stop may come after the rented time, which it does not prolong.
        let (until, ran_its_time) = if self.stopped_at == 0 {
            (ended_at, ended_at >= expires_at)
        } else {
            (UnixSeconds(self.stopped_at), true)
        };
        let end = until.min(expires_at);
        // What is more than 32 bits is more than any job lasts.
        let lasted_s = u32::try_from(end.since(started_at)).unwrap_or(u32::MAX);
        Closing {
            terms: self.terms(),
            lasted: Metered::of_seconds(lasted_s),
            metered: Metered(self.metered_ms),
            co_signed: Metered(self.co_signed_ms),
            grace: Metered::of_seconds(self.grace_window_s),
            is_final: self.is_final == 1,
            ran_its_time,
        }
    }

    /// What a cancelled job adds to the facts of whoever may have been silent.
    #[must_use]
    pub fn unstarted(&self) -> Deed {
        let window_s = UnixSeconds(self.start_deadline).since(UnixSeconds(self.opened_at));
        self.terms().unstarted(u32::try_from(window_s).unwrap_or(u32::MAX))
    }

    /// Whether a cancelled job was refused by its provider: only its key can cancel before the start deadline.
    #[must_use]
    pub const fn was_refused(&self) -> bool {
        self.ended_at <= self.start_deadline
    }

    fn terms(&self) -> Terms {
        Terms {
            rate: Rate(self.rate),
            // No instruction writes more than the whole.
            fee: Bps::new(self.fee_bps).unwrap_or_default(),
            reference_price: self.reference_price,
        }
    }
}
