//! How recent the tables are, by the word of the RPC node.
//!
//! The stream cannot tell: one that is late by a minute brings slots as regularly as one that is not, and pings even when it brings
//! nothing. So the RPC node is asked again and again, and the tables are as recent as the newest answer that they have caught up with.

use std::{
    collections::VecDeque,
    convert::Infallible,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{sleep, timeout};

use crate::{
    backfill::{Ledger, LedgerError},
    progress::{Reporter, unix_ms},
    store::Checkpoint,
};

/// How often the node is asked: well below the lag at which an indexer stops being ready.
const INTERVAL: Duration = Duration::from_secs(1);
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Answers kept while the tables have not caught up with them: an hour's. Beyond that, lag is told from the older ones.
const MAX_ANSWERS: usize = 3_600;

/// At this moment the chain had confirmed this slot.
#[derive(Clone, Copy, Debug)]
struct Answer {
    slot: u64,
    at_ms: u64,
}

/// Answers that the tables have not caught up with, oldest first.
#[derive(Debug, Default)]
pub(super) struct Freshness(Mutex<VecDeque<Answer>>);

impl Freshness {
    /// The chain had confirmed `slot` at `at_ms`.
    pub(super) fn heard(&self, slot: u64, at_ms: u64) {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() < MAX_ANSWERS {
            answers.push_back(Answer { slot, at_ms });
        }
    }

    /// The latest moment of which tables that hold everything up to `slot` hold everything confirmed; none when they have caught up with
    /// no answer since the last call.
    pub(super) fn caught_up(&self, slot: u64) -> Option<u64> {
        let mut answers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut latest = None;
        while let Some(answer) = answers.pop_front_if(|answer| answer.slot <= slot) {
            latest = Some(answer.at_ms);
        }
        latest
    }

    /// The checkpoint with the latest moment of which its tables will hold everything confirmed.
    pub(super) fn date(&self, checkpoint: Checkpoint) -> Checkpoint {
        Checkpoint {
            current_at_ms: self.caught_up(checkpoint.slot).or(checkpoint.current_at_ms),
            ..checkpoint
        }
    }

    /// Asks the node how far the chain is.
    pub(super) async fn ask<L: Ledger>(&self, ledger: &L, reporter: &Reporter) -> Result<(), LedgerError> {
        let asked_at_ms = unix_ms();
        let slot = ledger.confirmed_slot().await?;
        self.heard(slot, asked_at_ms);
        reporter.saw(slot);
        Ok(())
    }

    /// Asks for ever. While the node does not answer, the tables cannot be known to be recent, and the lag grows.
    pub(super) async fn keep_asking<L: Ledger>(&self, ledger: &L, reporter: &Reporter) -> Infallible {
        let mut answers = true;
        loop {
            sleep(INTERVAL).await;
            let reason = match timeout(PATIENCE, self.ask(ledger, reporter)).await {
                Ok(Ok(())) => None,
                Ok(Err(error)) => Some(error.to_string()),
                Err(_) => Some(format!("no answer within {} s", PATIENCE.as_secs())),
            };
            if let Some(reason) = reason.as_deref().filter(|_| answers) {
                tracing::warn!(reason, "the RPC node does not say how far the chain is");
            }
            answers = reason.is_none();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_as_recent_as_the_newest_answer_that_they_caught_up_with() {
        let freshness = Freshness::default();
        assert_eq!(freshness.caught_up(100), None);
        for (slot, at_ms) in [(10, 1_000), (12, 2_000), (14, 3_000)] {
            freshness.heard(slot, at_ms);
        }
        assert_eq!(freshness.caught_up(9), None);
        assert_eq!(freshness.caught_up(13), Some(2_000));
        assert_eq!(freshness.caught_up(13), None, "known already");
        assert_eq!(freshness.caught_up(14), Some(3_000));
    }

    #[test]
    fn a_stream_that_is_late_all_the_time_is_behind_by_that_time() {
        let freshness = Freshness::default();
        // Two slots a second; the tables are six slots late.
        let recent = (0..60).map(|second: u64| {
            freshness.heard(100 + 2 * second, second * 1_000);
            freshness.caught_up(94 + 2 * second)
        });
        let recent: Vec<Option<u64>> = recent.collect();
        assert_eq!(recent[..3], [None, None, None]);
        assert_eq!((recent[3], recent[59]), (Some(0), Some(56_000)));
    }
}
