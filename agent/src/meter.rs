//! The meter: how long a workload has run under this agent's eyes.
//!
//! Invariant: metered time never goes back, never exceeds the rented time, and never exceeds the monotonic time in which the agent
//! was awake and the workload alive. A gap is never filled in.

use std::time::Duration;

/// Looks that lie further apart than this are not joined: the agent was frozen, and cannot say whether the workload ran.
pub const MAX_GAP: Duration = Duration::from_secs(5);

/// Counts one job's time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    metered: Duration,
    most: Duration,
    looked_at: Option<Duration>,
}

impl Meter {
    /// Continues from what the last receipt said. The meter stands still until [`Self::start`].
    #[must_use]
    pub fn resume(metered_ms: u64, most_ms: u64) -> Self {
        let metered = Duration::from_millis(metered_ms);
        Self {
            metered,
            most: Duration::from_millis(most_ms).max(metered),
            looked_at: None,
        }
    }

    /// Begins to count at a moment of the monotonic clock.
    pub fn start(&mut self, now: Duration) {
        self.looked_at = Some(now);
    }

    /// Counts the time since the last look. Says whether there was a gap, which counts for nothing.
    pub fn look(&mut self, now: Duration) -> Option<Duration> {
        let since = now.saturating_sub(self.looked_at?);
        self.looked_at = Some(now);
        if since > MAX_GAP {
            return Some(since);
        }
        self.metered = self.metered.saturating_add(since).min(self.most);
        None
    }

    /// Counts up to now and stands still from then on.
    pub fn stop(&mut self, now: Duration) -> Option<Duration> {
        let gap = self.look(now);
        self.looked_at = None;
        gap
    }

    /// Counts up to a moment that may lie before the last look, because the news of the workload's end came late; never below
    /// `signed_ms`, which is already signed.
    pub fn stop_at(&mut self, ended: Duration, signed_ms: u64) -> Option<Duration> {
        let looked_at = self.looked_at?;
        let too_much = looked_at.saturating_sub(ended);
        if too_much.is_zero() {
            return self.stop(ended);
        }
        let signed = Duration::from_millis(signed_ms).min(self.metered);
        self.metered = self.metered.saturating_sub(too_much).max(signed);
        self.looked_at = None;
        None
    }

    /// Raises what may be claimed, when the job was extended.
    pub fn extend(&mut self, most_ms: u64) {
        self.most = self.most.max(Duration::from_millis(most_ms));
    }

    /// Lowers what may be claimed, for instance to the moment of the tenant's stop; never below `signed_ms`, which is already signed.
    pub fn limit(&mut self, most_ms: u64, signed_ms: u64) {
        let most = Duration::from_millis(most_ms.max(signed_ms));
        self.most = self.most.min(most);
        self.metered = self.metered.min(self.most);
    }

    /// Whole milliseconds so far, rounded down.
    #[must_use]
    pub fn metered_ms(&self) -> u64 {
        u64::try_from(self.metered.as_millis()).unwrap_or(u64::MAX)
    }

    /// Most milliseconds that may be claimed.
    #[must_use]
    pub fn most_ms(&self) -> u64 {
        u64::try_from(self.most.as_millis()).unwrap_or(u64::MAX)
    }

    /// Whether the rented time is used up.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.metered >= self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn time_counts_only_between_start_and_stop() {
        let mut meter = Meter::resume(0, 60_000);
        assert_eq!(meter.look(ms(900)), None);
        assert_eq!(meter.metered_ms(), 0);
        meter.start(ms(1_000));
        meter.look(ms(1_250));
        meter.stop(ms(1_300));
        meter.look(ms(2_000));
        assert_eq!(meter.metered_ms(), 300);
    }

    #[test]
    fn a_gap_is_not_filled_in() {
        let mut meter = Meter::resume(0, 600_000);
        meter.start(ms(0));
        meter.look(ms(1_000));
        assert_eq!(meter.look(ms(61_000)), Some(ms(60_000)));
        meter.look(ms(61_500));
        assert_eq!(meter.metered_ms(), 1_500);
    }

    #[test]
    fn the_rented_time_is_the_most() {
        let mut meter = Meter::resume(9_500, 10_000);
        meter.start(ms(0));
        meter.look(ms(2_000));
        assert_eq!((meter.metered_ms(), meter.is_exhausted()), (10_000, true));
    }

    #[test]
    fn a_limit_takes_back_what_is_not_signed_and_nothing_else() {
        let mut meter = Meter::resume(4_000, 60_000);
        meter.start(ms(0));
        meter.look(ms(3_000));
        meter.limit(5_000, 4_000);
        assert_eq!(meter.metered_ms(), 5_000);
        meter.limit(1_000, 4_000);
        assert_eq!(meter.metered_ms(), 4_000);
    }

    #[test]
    fn an_end_that_is_heard_of_late_is_counted_as_when_it_was() {
        let mut meter = Meter::resume(0, 60_000);
        meter.start(ms(0));
        meter.look(ms(3_000));
        assert_eq!(meter.stop_at(ms(1_200), 0), None);
        assert_eq!(meter.metered_ms(), 1_200);

        let mut meter = Meter::resume(0, 60_000);
        meter.start(ms(0));
        meter.look(ms(3_000));
        meter.stop_at(ms(1_200), 2_000);
        assert_eq!(meter.metered_ms(), 2_000, "what is signed is not taken back");

        let mut meter = Meter::resume(0, 60_000);
        meter.start(ms(0));
        meter.look(ms(1_000));
        meter.stop_at(ms(1_500), 0);
        assert_eq!(meter.metered_ms(), 1_500);
    }

    proptest! {
        #[test]
        fn metered_time_never_falls_and_never_exceeds_what_passed(
            began in 0_u64..1_000_000,
            most in 0_u64..200_000,
            steps in prop::collection::vec(0_u64..20_000, 0..60),
        ) {
            let mut meter = Meter::resume(0, most);
            let mut now = began;
            meter.start(ms(now));
            let mut before = 0;
            for step in steps {
                now += step;
                meter.look(ms(now));
                prop_assert!(meter.metered_ms() >= before);
                prop_assert!(meter.metered_ms() <= now - began);
                prop_assert!(meter.metered_ms() <= most);
                before = meter.metered_ms();
            }
        }
    }
}
