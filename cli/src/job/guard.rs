//! Which receipts the tenant signs.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use gantry_protocol::Receipt;
use gantry_sdk::market::state::Job;

/// What a receipt may claim beyond the tenant's own clock: clocks of two machines drift apart by less.
const TOLERANCE_MS: u64 = 500;
/// One part in this many of the time passed is tolerated beyond that.
const DRIFT_PARTS: u64 = 1_000;

/// Why a receipt is not signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Another job's.
    #[error("it belongs to another job")]
    WrongJob,
    /// Another cluster's.
    #[error("it names another cluster")]
    WrongCluster,
    /// Not newer than what was signed already.
    #[error("its sequence {sequence} is not above {signed}, which is signed already")]
    NotNewer {
        /// Of the receipt.
        sequence: u64,
        /// The last signed.
        signed: u64,
    },
    /// Less time than before.
    #[error("it claims {claimed_ms} ms, less than the {signed_ms} ms that are signed already")]
    Regressed {
        /// By the receipt.
        claimed_ms: u64,
        /// The last signed.
        signed_ms: u64,
    },
    /// More time than has passed.
    #[error("it claims {claimed_ms} ms, but by this machine's clock only {passed_ms} ms have passed")]
    TooMuch {
        /// By the receipt.
        claimed_ms: u64,
        /// By our clock.
        passed_ms: u64,
    },
    /// More time than the chain still settles after a stop or an exit.
    #[error("it claims {claimed_ms} ms, but the job ended on chain within {stopped_ms} ms of its start")]
    BeyondStop {
        /// By the receipt.
        claimed_ms: u64,
        /// What the chain still settles.
        stopped_ms: u64,
    },
    /// More time than was rented.
    #[error("it claims {claimed_ms} ms, but only {rented_ms} ms were rented")]
    BeyondRent {
        /// By the receipt.
        claimed_ms: u64,
        /// In all.
        rented_ms: u64,
    },
}

/// The tenant's own measure of how long the job can have run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch {
    since: Instant,
    before: Duration,
}

impl Stopwatch {
    /// Begins now, or goes on from a start that lay `before` ago.
    pub(crate) fn started(before: Duration) -> Self {
        Self {
            since: Instant::now(),
            before,
        }
    }

    /// Milliseconds since the start.
    pub(crate) fn passed_ms(&self) -> u64 {
        u64::try_from((self.since.elapsed() + self.before).as_millis()).unwrap_or(u64::MAX)
    }
}

/// What ends the time that is paid for. Shared by those who learn of an end and those who sign.
#[derive(Debug)]
pub(crate) struct Limits {
    ended_ms: Cell<Option<u64>>,
    stopped_ms: Cell<Option<u64>>,
}

impl Limits {
    /// Nothing is known, beyond what an earlier process of ours saw of the workload's end.
    pub(crate) fn new(ended_ms: Option<u64>) -> Self {
        Self {
            ended_ms: Cell::new(ended_ms),
            stopped_ms: Cell::new(None),
        }
    }

    /// The workload was seen to have ended when our clock showed this; whoever sees it first is right.
    pub(crate) fn end(&self, passed_ms: u64) {
        let known = self.ended_ms.get().unwrap_or(u64::MAX);
        self.ended_ms.set(Some(known.min(passed_ms)));
    }

    /// Takes note of what ends metering on chain: the tenant's stop, the provider's exit.
    pub(crate) fn observe(&self, job: &Job) {
        let ends = [job.stopped_at, job.exits_at];
        let end = ends.into_iter().filter(|end| *end != 0 && job.started_at != 0).min();
        let until_ms = |end: i64| {
            let elapsed_s = end.saturating_sub(job.started_at).max(0).unsigned_abs();
            // The same second of tolerance as the program's: its clock has whole seconds.
            elapsed_s.saturating_mul(1_000).saturating_add(1_000)
        };
        // An exit may be moved later.
        self.stopped_ms.set(end.map(until_ms));
    }

    /// What our clock showed at the workload's end.
    pub(crate) fn ended_ms(&self) -> Option<u64> {
        self.ended_ms.get()
    }

    /// The most that the chain still settles after a stop or an exit.
    pub(crate) fn stopped_ms(&self) -> Option<u64> {
        self.stopped_ms.get()
    }
}

/// What was agreed, and what was signed so far.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Guard {
    /// The job's account.
    pub(crate) job: [u8; 32],
    /// The cluster.
    pub(crate) genesis_hash: [u8; 32],
    /// Longest time that may be metered.
    pub(crate) rented_ms: u64,
    /// Sequence and metered time of the last receipt that was signed.
    pub(crate) signed: Option<(u64, u64)>,
}

impl Guard {
    /// Refuses a receipt that is not ours, goes back, or claims more than `passed_ms`, than a stop allows or than was rented.
    pub(crate) fn check(&self, receipt: &Receipt, passed_ms: u64, stopped_ms: Option<u64>) -> Result<(), Refusal> {
        if receipt.job != self.job {
            return Err(Refusal::WrongJob);
        }
        if receipt.genesis_hash != self.genesis_hash {
            return Err(Refusal::WrongCluster);
        }
        let claimed_ms = receipt.metered_ms;
        if let Some((signed, signed_ms)) = self.signed {
            if receipt.sequence <= signed {
                return Err(Refusal::NotNewer {
                    sequence: receipt.sequence,
                    signed,
                });
            }
            if claimed_ms < signed_ms {
                return Err(Refusal::Regressed { claimed_ms, signed_ms });
            }
        }
        if claimed_ms > self.rented_ms {
            return Err(Refusal::BeyondRent {
                claimed_ms,
                rented_ms: self.rented_ms,
            });
        }
        if let Some(stopped_ms) = stopped_ms.filter(|stopped_ms| claimed_ms > *stopped_ms) {
            return Err(Refusal::BeyondStop { claimed_ms, stopped_ms });
        }
        let tolerated_ms = passed_ms
            .saturating_add(TOLERANCE_MS)
            .saturating_add(passed_ms / DRIFT_PARTS);
        if claimed_ms > tolerated_ms {
            return Err(Refusal::TooMuch { claimed_ms, passed_ms });
        }
        Ok(())
    }

    /// Remembers a receipt that was signed.
    pub(crate) fn remember(&mut self, receipt: &Receipt) {
        self.signed = Some((receipt.sequence, receipt.metered_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUARD: Guard = Guard {
        job: [1; 32],
        genesis_hash: [2; 32],
        rented_ms: 60_000,
        signed: Some((3, 10_000)),
    };

    fn receipt(sequence: u64, metered_ms: u64) -> Receipt {
        Receipt {
            genesis_hash: [2; 32],
            job: [1; 32],
            sequence,
            metered_ms,
            time_ms: 0,
            flags: 0,
            samples_root: [0; 32],
        }
    }

    #[test]
    fn an_honest_receipt_is_signed() {
        assert_eq!(GUARD.check(&receipt(4, 12_000), 12_100, None), Ok(()));
    }

    #[test]
    fn a_little_more_than_the_own_clock_is_tolerated_and_no_more() {
        assert_eq!(GUARD.check(&receipt(4, 12_512), 12_000, None), Ok(()));
        let refused = Refusal::TooMuch {
            claimed_ms: 12_513,
            passed_ms: 12_000,
        };
        assert_eq!(GUARD.check(&receipt(4, 12_513), 12_000, None), Err(refused));
    }

    #[test]
    fn another_jobs_or_clusters_receipt_is_refused() {
        assert_eq!(
            GUARD.check(
                &Receipt {
                    job: [9; 32],
                    ..receipt(4, 1)
                },
                1,
                None
            ),
            Err(Refusal::WrongJob)
        );
        assert_eq!(
            GUARD.check(
                &Receipt {
                    genesis_hash: [9; 32],
                    ..receipt(4, 1)
                },
                1,
                None
            ),
            Err(Refusal::WrongCluster)
        );
    }

    #[test]
    fn a_receipt_that_goes_back_is_refused() {
        assert_eq!(
            GUARD.check(&receipt(3, 12_000), 20_000, None),
            Err(Refusal::NotNewer { sequence: 3, signed: 3 })
        );
        let refused = Refusal::Regressed {
            claimed_ms: 9_999,
            signed_ms: 10_000,
        };
        assert_eq!(GUARD.check(&receipt(4, 9_999), 20_000, None), Err(refused));
    }

    #[test]
    fn more_than_was_rented_is_refused_however_much_time_passed() {
        let refused = Refusal::BeyondRent {
            claimed_ms: 60_001,
            rented_ms: 60_000,
        };
        assert_eq!(GUARD.check(&receipt(4, 60_001), 90_000, None), Err(refused));
        assert_eq!(GUARD.check(&receipt(4, 60_000), 90_000, None), Ok(()));
    }

    #[test]
    fn more_than_the_chain_settles_after_a_stop_is_refused() {
        let limits = Limits::new(None);
        let mut job: Job = crate::job::scripted_chain::blank();
        (job.started_at, job.stopped_at) = (100, 111);
        job.exits_at = 103;
        limits.observe(&job);
        assert_eq!(limits.stopped_ms(), Some(4_000));
        job.exits_at = 700;
        limits.observe(&job);
        assert_eq!(limits.stopped_ms(), Some(12_000));
        let refused = Refusal::BeyondStop {
            claimed_ms: 12_001,
            stopped_ms: 12_000,
        };
        let check = |metered_ms| GUARD.check(&receipt(4, metered_ms), 20_000, limits.stopped_ms());
        assert_eq!(check(12_001), Err(refused));
        assert_eq!(check(12_000), Ok(()));
    }

    #[test]
    fn the_first_sight_of_the_workloads_end_counts() {
        let limits = Limits::new(Some(7_000));
        limits.end(30_000);
        assert_eq!(limits.ended_ms(), Some(7_000));
    }

    #[test]
    fn the_first_receipt_needs_nothing_before_it() {
        assert_eq!(Guard { signed: None, ..GUARD }.check(&receipt(1, 0), 0, None), Ok(()));
    }

    #[test]
    fn a_stopwatch_that_goes_on_counts_the_time_before() {
        assert!(Stopwatch::started(Duration::from_secs(7)).passed_ms() >= 7_000);
    }
}
