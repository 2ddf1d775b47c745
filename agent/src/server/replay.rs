//! Signatures that were seen: a request is granted once. They are kept in memory; what was signed before the agent started may have
//! been granted by its predecessor, so it is refused.

use gantry_sdk::{Pubkey, wire::MAX_CLOCK_SKEW_MS};
use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
};

/// Requests of one job within the time in which they could be repeated: a tenant that polls and signs needs a few a second.
const MAX_REQUESTS_PER_JOB: usize = 4_096;

/// What is known of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing; from now on it is known.
    Never,
    /// It was granted before.
    Before,
    /// The job has sent too many requests to remember another.
    TooMany,
    /// It is older than this memory, which cannot know.
    Unknown,
}

/// Signatures of one job with their times.
type Signatures = BTreeSet<(i64, [u8; 64])>;

/// Memory of signatures, per job, for as long as they could be used again.
#[derive(Debug, Default)]
pub struct Replay {
    since_ms: i64,
    jobs: Mutex<HashMap<Pubkey, Signatures>>,
}

impl Replay {
    /// An empty memory that begins at a moment, in Unix milliseconds.
    #[must_use]
    pub fn since(since_ms: i64) -> Self {
        Self {
            since_ms,
            ..Self::default()
        }
    }

    /// Remembers a signature. Call it only with signatures that are valid, so that strangers cannot fill the memory.
    pub fn remember(&self, job: Pubkey, time_ms: i64, signature: [u8; 64], now_ms: i64) -> Seen {
        if time_ms < self.since_ms {
            return Seen::Unknown;
        }
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = now_ms.saturating_sub(MAX_CLOCK_SKEW_MS);
        jobs.retain(|_, seen| {
            // Requests as old as these are refused for their time.
            *seen = seen.split_off(&(oldest, [0; 64]));
            !seen.is_empty()
        });
        let seen = jobs.entry(job).or_default();
        if seen.contains(&(time_ms, signature)) {
            Seen::Before
        } else if seen.len() >= MAX_REQUESTS_PER_JOB {
            Seen::TooMany
        } else {
            seen.insert((time_ms, signature));
            Seen::Never
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: Pubkey = Pubkey::new_from_array([1; 32]);
    const OTHER: Pubkey = Pubkey::new_from_array([2; 32]);

    #[test]
    fn a_signature_is_known_for_as_long_as_it_could_be_repeated() {
        let replay = Replay::default();
        assert_eq!(replay.remember(JOB, 1_000, [1; 64], 1_000), Seen::Never);
        assert_eq!(
            replay.remember(JOB, 1_000, [1; 64], 1_000 + MAX_CLOCK_SKEW_MS),
            Seen::Before
        );
        assert_eq!(
            replay.remember(JOB, 1_000, [1; 64], 1_001 + MAX_CLOCK_SKEW_MS),
            Seen::Never
        );
    }

    #[test]
    fn what_was_signed_before_the_memory_began_is_not_granted() {
        let replay = Replay::since(1_000);
        assert_eq!(replay.remember(JOB, 999, [1; 64], 1_001), Seen::Unknown);
        assert_eq!(replay.remember(JOB, 1_000, [1; 64], 1_001), Seen::Never);
    }

    #[test]
    fn one_job_cannot_use_up_the_memory_of_another() {
        let replay = Replay::default();
        for number in 0..MAX_REQUESTS_PER_JOB {
            assert_eq!(
                replay.remember(JOB, i64::try_from(number).expect("small"), [1; 64], 0),
                Seen::Never
            );
        }
        assert_eq!(replay.remember(JOB, 5_000, [1; 64], 0), Seen::TooMany);
        assert_eq!(replay.remember(OTHER, 0, [1; 64], 0), Seen::Never);
    }
}
