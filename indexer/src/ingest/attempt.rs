//! From taking the writer's lock to the first failure.

use std::{convert::Infallible, time::Instant};

use super::{IngestError, backoff::Backoff};
use crate::{
    apply::{self, Changes, Slot},
    backfill::Ledger,
    progress::{Phase, Reporter},
    store::{Checkpoint, Succession, Writer},
    stream::{Feed, Source, StreamError},
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
    /// What the chain had confirmed when the attempt began; zero before it was asked.
    pub(super) confirmed_at_start: u64,
}

/// Why following stopped without a failure.
struct Gap {
    reason: String,
}

impl<L: Ledger> Attempt<'_, L> {
    pub(super) async fn run(mut self) -> Result<Infallible, IngestError> {
        self.writer.bind_to_chain(&self.ledger.genesis_hash().await?).await?;
        self.confirmed_at_start = self.ledger.confirmed_slot().await?;
        self.reporter.saw(self.confirmed_at_start);
        let mut checkpoint = self.writer.checkpoint().await?;
        let mut feed = None;
        let mut reason = "the database is empty".to_owned();
        if let Some(known) = &checkpoint {
            self.reporter.resume(known.slot, known.applied_at_ms);
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
            let (batch, emptied) = batch(feed, first);
            let (reached, gap) = self.apply(batch, checkpoint).await?;
            self.reporter.saw(feed.highest_seen());
            if reached != checkpoint {
                checkpoint = reached;
                self.backoff.reset();
                let caught_up = emptied && checkpoint.slot >= self.confirmed_at_start;
                self.reporter.applied(checkpoint.slot, caught_up);
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
            self.writer.apply(&changes, &checkpoint).await?;
            report(&changes, applied, checkpoint.slot);
        }
        Ok((checkpoint, gap))
    }
}

/// `first` and every whole slot that is already here, and whether there are no more.
fn batch(feed: &mut Feed, first: Slot) -> (Vec<Slot>, bool) {
    let mut bytes = first.size_bytes();
    let mut batch = vec![first];
    while batch.len() < MAX_BATCH_SLOTS && bytes < MAX_BATCH_BYTES {
        let Some(slot) = feed.next_ready() else {
            return (batch, true);
        };
        bytes += slot.size_bytes();
        batch.push(slot);
    }
    (batch, false)
}

/// Says in metrics and log what a transaction did.
pub(super) fn report(changes: &Changes, slots: u64, slot: u64) {
    metrics::counter!("gantry_indexer_slots_total").increment(slots);
    metrics::counter!("gantry_indexer_rows_total").increment(changes.rows() as u64);
    metrics::counter!("gantry_indexer_dead_letters_total").increment(changes.dead_letters.len() as u64);
    for letter in &changes.dead_letters {
        tracing::error!(slot = letter.slot, kind = letter.kind.name(), reason = %letter.reason, "kept as a dead letter");
    }
    if changes.rows() > 0 {
        tracing::debug!(slot, slots, rows = changes.rows(), "applied");
    }
}
