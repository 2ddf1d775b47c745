//! Begins anew where the stream cannot continue: at the first start, and after a gap.
//!
//! The stream is subscribed first, and only then is everything before its first whole slot fetched over RPC: history up to that slot,
//! accounts as of that slot or later. Nothing falls between, and what comes twice changes nothing.

use std::time::Instant;

use gantry_sdk::{market, staking};

use super::{
    IngestError,
    attempt::{Attempt, report},
    freshness::Freshness,
};
use crate::{
    apply::{self, Slot},
    backfill::{self, Ledger, patiently},
    progress::Phase,
    store::{Checkpoint, Writer},
    stream::Feed,
};

/// Bytes of slots that may wait while the rest is fetched; beyond, reading pauses and the server holds them back.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;

impl<L: Ledger> Attempt<'_, L> {
    /// Fetches what the stream no longer gives; returns the stream and the checkpoint that it continues from.
    pub(super) async fn resync(
        &mut self,
        reason: String,
        from: Option<Checkpoint>,
    ) -> Result<(Feed, Checkpoint), IngestError> {
        let started = Instant::now();
        tracing::info!(%reason, from = from.map(|from| from.slot), "resyncing over RPC");
        self.reporter.enter(Phase::Resyncing { reason });
        let mut feed = self.source.subscribe(None).await?;
        let first = feed.next().await?;
        let checkpoint = {
            let fetching = fetch(self.ledger, &mut self.writer, self.freshness, from, &first);
            tokio::pin!(fetching);
            loop {
                tokio::select! {
                    checkpoint = &mut fetching => break checkpoint?,
                    read = feed.read(), if feed.waiting_bytes() < MAX_WAITING_BYTES => read?,
                }
            }
        };
        self.reporter.applied(checkpoint.slot, checkpoint.current_at_ms);
        metrics::counter!("gantry_indexer_resyncs_total").increment(1);
        tracing::info!(slot = checkpoint.slot, ms = started.elapsed().as_millis(), "resynced");
        Ok((feed, checkpoint))
    }
}

async fn fetch<L: Ledger>(
    ledger: &L,
    writer: &mut Writer,
    freshness: &Freshness,
    from: Option<Checkpoint>,
    first: &Slot,
) -> Result<Checkpoint, IngestError> {
    let after = from.map(|from| from.slot);
    let missed = backfill::missed_transactions(ledger, writer, after, first.number).await?;
    let snapshots = [
        patiently(|| ledger.snapshot(&market::ID, first.number)).await?,
        patiently(|| ledger.snapshot(&staking::ID, first.number)).await?,
    ];
    let accounts: usize = snapshots.iter().map(|snapshot| snapshot.accounts.len()).sum();
    let mut checkpoint = freshness.date(Checkpoint::after(first, from.as_ref()));
    if from.is_none() {
        // All that may be claimed: what happened before, the node did not tell.
        checkpoint.history_from = Some(missed.from);
    }
    let changes = writer
        .apply_snapshots(&snapshots, apply::slot_changes(first), &checkpoint)
        .await?;
    report(&changes, 1, first.number);
    tracing::info!(
        slot = first.number,
        transactions = missed.transactions,
        history_from = checkpoint.history_from,
        accounts,
        "took over what the stream does not have"
    );
    Ok(checkpoint)
}
