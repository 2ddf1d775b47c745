//! Begins anew where the stream cannot continue: at the first start, and after a gap.
//!
//! The stream is subscribed first, and only then is everything before its first whole slot fetched over RPC: history up to that slot,
//! accounts as of that slot or later. Nothing falls between, and what comes twice changes nothing.

use std::time::{Duration, Instant};

use gantry_sdk::{Pubkey, market, staking};
use tokio::time::sleep;

use super::{
    IngestError,
    attempt::{Attempt, report},
};
use crate::{
    apply::{self, Slot, Snapshot},
    backfill::{self, Ledger, LedgerError},
    progress::Phase,
    store::{Checkpoint, Writer},
    stream::Feed,
};

/// Bytes of slots that may wait while the rest is fetched; beyond, reading pauses and the server holds them back.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// How often a node that lags behind the stream is asked again.
const BEHIND_INTERVAL: Duration = Duration::from_millis(200);
/// How long a node may lag behind the stream.
const BEHIND_PATIENCE: Duration = Duration::from_secs(30);

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
            let fetching = fetch(self.ledger, &mut self.writer, from, &first);
            tokio::pin!(fetching);
            loop {
                tokio::select! {
                    checkpoint = &mut fetching => break checkpoint?,
                    read = feed.read(), if feed.waiting_bytes() < MAX_WAITING_BYTES => read?,
                }
            }
        };
        let caught_up = feed.waiting_bytes() == 0 && checkpoint.slot >= self.confirmed_at_start;
        self.reporter.applied(checkpoint.slot, caught_up);
        metrics::counter!("gantry_indexer_resyncs_total").increment(1);
        tracing::info!(slot = checkpoint.slot, ms = started.elapsed().as_millis(), "resynced");
        Ok((feed, checkpoint))
    }
}

async fn fetch<L: Ledger>(
    ledger: &L,
    writer: &mut Writer,
    from: Option<Checkpoint>,
    first: &Slot,
) -> Result<Checkpoint, IngestError> {
    let after = from.map(|from| from.slot);
    let transactions = backfill::missed_transactions(ledger, writer, after, first.number).await?;
    let snapshots = [
        snapshot(ledger, &market::ID, first.number).await?,
        snapshot(ledger, &staking::ID, first.number).await?,
    ];
    let accounts: usize = snapshots.iter().map(|snapshot| snapshot.accounts.len()).sum();
    let checkpoint = Checkpoint::after(first, from.as_ref());
    let changes = apply::slot_changes(first);
    report(&changes, 1, first.number);
    writer.apply_snapshots(&snapshots, changes, &checkpoint).await?;
    tracing::info!(
        slot = first.number,
        transactions,
        accounts,
        "took over what the stream does not have"
    );
    Ok(checkpoint)
}

/// A snapshot as of `min_slot` or later; waits a while for a node that lags behind the stream.
async fn snapshot<L: Ledger>(ledger: &L, program: &Pubkey, min_slot: u64) -> Result<Snapshot, LedgerError> {
    let deadline = Instant::now() + BEHIND_PATIENCE;
    loop {
        match ledger.snapshot(program, min_slot).await {
            Err(LedgerError::Behind { .. }) if Instant::now() < deadline => sleep(BEHIND_INTERVAL).await,
            answer => return answer,
        }
    }
}
