//! From taking the writer's lock to the first failure.

use std::{convert::Infallible, time::Instant};

use super::{IngestError, backoff::Backoff, freshness::Freshness};
use crate::{
    apply::{self, Changes, Slot},
    backfill::Ledger,
    progress::{Phase, Reporter},
    store::{Checkpoint, Succession, Writer},
    stream::{Feed, Source, StreamError},
    telemetry,
};

/// Most slots per transaction while catching up: enough to make the commit cheap, few enough to bound what a failure repeats.
const MAX_BATCH_SLOTS: usize = 256;
/// Most bytes of slots per transaction.
const MAX_BATCH_BYTES: usize = 16 * 1024 * 1024;

/// One attempt.
pub(super) struct Attempt<'a, L> {
    pub(super) source: &'a Source,
    pub(super) ledger: &'a L,
    pub(super) reporter: &'a Reporter,
    pub(super) writer: Writer,
    pub(super) backoff: &'a mut Backoff,
    pub(super) freshness: &'a Freshness,
}

/// Why following stopped without a failure.
struct Gap {
    reason: String,
}

impl<L: Ledger> Attempt<'_, L> {
    pub(super) async fn run(mut self) -> Result<Infallible, IngestError> {
        self.writer.bind_to_chain(&self.ledger.genesis_hash().await?).await?;
        self.freshness.ask(self.ledger, self.reporter).await?;
        let mut checkpoint = self.writer.checkpoint().await?;
        let mut feed = None;
        let mut reason = "the database is empty".to_owned();
        if let Some(known) = &checkpoint {
            self.reporter.resume(known.slot, known.current_at_ms);
            match self.source.subscribe(Some(known.slot)).await {
                Ok(resumed) => feed = Some(resumed),
                Err(StreamError::TooOld(message)) => reason = message,
                Err(error) => return Err(error.into()),
            }
        }
        loop {
            let (mut stream, start) = match (feed.take(), checkpoint) {
                (Some(stream), Some(start)) => (stream, start),
                _ => self.resync(reason, checkpoint).await?,
            };
            self.reporter.enter(Phase::Following);
            let (gap, reached) = self.follow(&mut stream, start).await?;
            tracing::warn!(slot = reached.slot, reason = %gap.reason, "the stream has a gap after the checkpoint");
            checkpoint = Some(reached);
            reason = gap.reason;
        }
    }

    /// Applies confirmed slots until one is missing.
    async fn follow(&mut self, feed: &mut Feed, mut checkpoint: Checkpoint) -> Result<(Gap, Checkpoint), IngestError> {
        loop {
            let first = match feed.next().await {
                Ok(slot) => slot,
                Err(StreamError::TooOld(reason)) => return Ok((Gap { reason }, checkpoint)),
                Err(error) => return Err(error.into()),
            };
            let started = Instant::now();
            let (reached, gap) = self.apply(batch(first, || feed.next_ready()), checkpoint).await?;
            self.reporter.saw(feed.highest_seen());
            if reached != checkpoint {
                checkpoint = reached;
                self.backoff.reset();
                self.reporter.applied(checkpoint.slot, checkpoint.current_at_ms);
                metrics::gauge!("gantry_indexer_slot").set(checkpoint.slot as f64);
                metrics::histogram!("gantry_indexer_apply_seconds").record(started.elapsed().as_secs_f64());
            }
            if let Some(gap) = gap {
                return Ok((gap, checkpoint));
            }
        }
    }

    /// Applies those slots of `batch` that follow, up to the first gap, in one transaction.
    async fn apply(&mut self, batch: Vec<Slot>, from: Checkpoint) -> Result<(Checkpoint, Option<Gap>), IngestError> {
        let (mut checkpoint, mut changes, mut gap, mut applied) = (from, Changes::default(), None, 0u64);
        for slot in batch {
            match checkpoint.judge(&slot) {
                Succession::Known => {}
                Succession::Follows => {
                    changes.merge(apply::slot_changes(&slot));
                    checkpoint = Checkpoint::after(&slot, Some(&checkpoint));
                    applied += 1;
                }
                Succession::Gap => {
                    let parent = slot
                        .parent
                        .map_or_else(|| "an unknown slot".to_owned(), |parent| format!("slot {parent}"));
                    gap = Some(Gap {
                        reason: format!("slot {} builds on {parent}, which was not delivered", slot.number),
                    });
                    break;
                }
                Succession::Fork => {
                    return Err(IngestError::RolledBack {
                        slot: slot.number,
                        checkpoint: checkpoint.slot,
                    });
                }
            }
        }
        if applied > 0 {
            checkpoint = self.freshness.date(checkpoint);
            self.writer.apply(&changes, &checkpoint).await?;
            report(&changes, applied, checkpoint.slot);
        }
        Ok((checkpoint, gap))
    }
}

/// `first` and every whole slot that is already here, within limits.
fn batch(first: Slot, mut ready: impl FnMut() -> Option<Slot>) -> Vec<Slot> {
    let mut bytes = first.size_bytes();
    let mut batch = vec![first];
    while batch.len() < MAX_BATCH_SLOTS && bytes < MAX_BATCH_BYTES {
        let Some(slot) = ready() else {
            return batch;
        };
        bytes += slot.size_bytes();
        batch.push(slot);
    }
    batch
}

/// Says in metrics and log what a transaction did.
pub(super) fn report(changes: &Changes, slots: u64, slot: u64) {
    metrics::counter!("gantry_indexer_slots_total").increment(slots);
    telemetry::count_changes(changes);
    if changes.rows() > 0 {
        tracing::debug!(slot, slots, rows = changes.rows(), "applied");
    }
}

#[cfg(test)]
mod tests {
    use gantry_sdk::Pubkey;

    use super::*;
    use crate::apply::AccountWrite;

    fn empty(number: u64) -> Slot {
        Slot {
            number,
            ..Slot::default()
        }
    }

    fn numbers(batch: &[Slot]) -> Vec<u64> {
        batch.iter().map(|slot| slot.number).collect()
    }

    #[test]
    fn a_batch_holds_what_is_here_and_at_most_256_slots() {
        let mut here = (2..=300).map(empty);
        let most = batch(empty(1), || here.next());
        assert_eq!(numbers(&most), (1..=256).collect::<Vec<_>>());
        let rest = batch(empty(257), || here.next());
        assert_eq!(numbers(&rest)[1..], (257..=300).collect::<Vec<_>>());
    }

    #[test]
    fn a_batch_of_large_slots_ends_earlier() {
        let large = |number| Slot {
            accounts: vec![AccountWrite {
                address: Pubkey::new_from_array([1; 32]),
                owner: Pubkey::new_from_array([2; 32]),
                lamports: 1,
                data: vec![0; MAX_BATCH_BYTES / 2],
                write_version: 1,
            }],
            ..empty(number)
        };
        let mut here = (2..=9).map(large);
        assert_eq!(numbers(&batch(large(1), || here.next())), [1, 2]);
    }
}
