//! How and when a workload ended: what its supervisor leaves behind.

use gantry_sdk::wire::Exit;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The end of a workload, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ending {
    /// How.
    #[serde(flatten)]
    pub(super) exit: Exit,
    /// When, on the machine's monotonic clock; unknown when the supervisor did not see it.
    #[serde(default)]
    ended_ns: Option<u64>,
}

impl Ending {
    /// An end that was seen.
    pub(super) fn at(exit: Exit, moment: Duration) -> Self {
        Self {
            exit,
            ended_ns: u64::try_from(moment.as_nanos()).ok(),
        }
    }

    /// An end that nobody saw.
    pub(super) fn unseen(exit: Exit) -> Self {
        Self { exit, ended_ns: None }
    }

    /// How long ago it was; zero when that is not known.
    pub(super) fn ago(&self) -> Duration {
        let ended = self.ended_ns.map(Duration::from_nanos);
        ended.map_or(Duration::ZERO, |ended| monotonic().saturating_sub(ended))
    }
}

/// The machine's monotonic clock, which all processes read alike.
pub(super) fn monotonic() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a local that lives through the call, which cannot fail for this clock.
    unsafe {
        libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time);
    }
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXIT: Exit = Exit {
        code: Some(3),
        signal: None,
        reason: None,
    };

    #[test]
    fn the_moment_of_an_end_is_read_by_another_process_as_it_was_written() {
        let ending = Ending::at(EXIT, monotonic().saturating_sub(Duration::from_secs(7)));
        let read: Ending = serde_json::from_slice(&serde_json::to_vec(&ending).expect("JSON")).expect("its own JSON");
        assert_eq!(read, ending);
        assert!((7..60).contains(&read.ago().as_secs()));
    }

    #[test]
    fn an_end_without_a_moment_was_just_now() {
        let read: Ending = serde_json::from_str(r#"{"code":3,"signal":null,"reason":null}"#).expect("an older file");
        assert_eq!((read.clone(), read.ago()), (Ending::unseen(EXIT), Duration::ZERO));
    }
}
