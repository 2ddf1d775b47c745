//! A provider's planned exit.

use gantry_protocol::{
    limits::{EXIT_NOTICE_S, MAX_JOB_DURATION_S},
    UnixSeconds,
};

use super::{Job, JobState, Outcome};
use crate::MarketError;

impl Job {
    /// Takes note of when the provider ends the job. An exit that was announced may be moved, but neither nearer than before, nor nearer
    /// than the notice, nor once it has come.
    pub fn announce_exit(&mut self, exits_at: UnixSeconds, now: UnixSeconds) -> Outcome<()> {
        let ends_at = match self.state() {
            Some(JobState::Open) => self.until_exit(now),
            Some(JobState::Running) if self.is_final == 0 => self.ends_at()?,
            _ => return Err(MarketError::WrongJobState),
        };
        if now > ends_at {
            return Err(MarketError::JobExpired);
        }
        let is_in_reach = exits_at >= now.after(EXIT_NOTICE_S) && exits_at <= now.after(MAX_JOB_DURATION_S);
        if !is_in_reach || exits_at.0 < self.exits_at {
            return Err(MarketError::InvalidExit);
        }
        self.exits_at = exits_at.0;
        Ok(())
    }

    /// `moment`, or the provider's exit where that comes earlier.
    #[inline(always)]
    pub(super) fn until_exit(&self, moment: UnixSeconds) -> UnixSeconds {
        if self.exits_at != 0 && self.exits_at < moment.0 {
            UnixSeconds(self.exits_at)
        } else {
            moment
        }
    }
}
