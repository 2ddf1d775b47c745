//! Time. Metering uses only the monotonic clock; the wall clock dates messages.

use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// The two clocks of a machine.
pub trait Clock: Send + Sync {
    /// Time since some fixed moment; never goes back, never jumps when the wall clock is set.
    fn monotonic(&self) -> Duration;
    /// Unix time in milliseconds.
    fn unix_ms(&self) -> i64;
}

/// This machine's clocks.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    // Tokio's instant is the machine's monotonic clock, and stands still with it in tests that pause time.
    began: Instant,
}

impl SystemClock {
    /// Counts monotonic time from now.
    #[must_use]
    pub fn new() -> Self {
        Self { began: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.began.elapsed()
    }

    fn unix_ms(&self) -> i64 {
        // Before 1970 or after the year 292 million: no clock shows that.
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
