//! Fetches the transactions of missed slots and writes them to the history.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use gantry_sdk::{Pubkey, Signature, market, staking};

use super::{
    ledger::{Ledger, LedgerError},
    patience::patiently,
};
use crate::{
    apply::{self, Changes},
    store::{StoreError, Writer},
    telemetry,
};

/// Requests under way at once: enough to hide the way to the node, few enough not to be throttled by it.
const PARALLEL: usize = 8;
/// Transactions written at once.
const CHUNK: usize = 256;

/// Why missed transactions could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum BackfillError {
    /// The node failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed {
    /// Transactions that were new.
    pub transactions: usize,
    /// The first slot of which everything was fetched.
    pub from: u64,
}

/// Writes every successful transaction of the programs in slots above `after` and up to `up_to`, or everything that the node has when
/// there is no `after`.
///
/// The node must have reached `up_to` before it lists anything: what it has not seen yet it would not list either, and the gap would
/// close over it. History rows are written in chunks, oldest first, without moving the checkpoint: after an interruption the same range is asked for
/// again and what is known is skipped.
///
/// # Errors
/// [`BackfillError`], also when the node no longer has all slots above `after`.
pub async fn missed_transactions<L: Ledger>(
    ledger: &L,
    writer: &mut Writer,
    after: Option<u64>,
    up_to: u64,
) -> Result<Missed, BackfillError> {
    let mut missed = BTreeMap::new();
    let mut is_proven = true;
    for program in [staking::ID, market::ID] {
        is_proven &= list(ledger, &program, after, up_to, &mut missed).await?;
    }
    let from = match after {
        Some(after) if is_proven => after.saturating_add(1),
        _ => first_complete_slot(ledger, after).await?,
    };
    let mut oldest_first: Vec<(u64, Signature)> =
        missed.into_iter().map(|(signature, slot)| (slot, signature)).collect();
    oldest_first.sort_unstable();
    let mut fetched = 0;
    for chunk in oldest_first.chunks(CHUNK) {
        let listed: Vec<Signature> = chunk.iter().map(|(_, signature)| *signature).collect();
        let new = writer.unknown_signatures(&listed).await?;
        let fetch = |signature: Signature| async move { ledger.transaction(&signature).await };
        let mut requests = stream::iter(new.iter().copied().map(fetch)).buffered(PARALLEL);
        let mut changes = Changes::default();
        while let Some(recorded) = requests.try_next().await? {
            changes.merge(apply::transaction_changes(
                &recorded.transaction,
                recorded.slot,
                recorded.block_time,
            ));
        }
        writer.write_history(&changes).await?;
        telemetry::count_changes(&changes);
        fetched += new.len();
    }
    Ok(Missed {
        transactions: fetched,
        from,
    })
}

/// Where the node's list ends, it may have ended because there was nothing before or because the node has thrown it away. Asked after
/// the listing: what was thrown away meanwhile counts as missing.
async fn first_complete_slot<L: Ledger>(ledger: &L, after: Option<u64>) -> Result<u64, LedgerError> {
    let first_available = ledger.first_available_slot().await?;
    let Some(wanted) = after.map(|after| after.saturating_add(1)) else {
        return Ok(first_available);
    };
    if first_available > wanted {
        return Err(LedgerError::Pruned {
            first_available,
            wanted,
        });
    }
    Ok(wanted)
}

/// Collects the signatures of one program's successful transactions, from the newest back; returns whether it met one that is at or
/// below `after`, which proves that nothing above is missing.
async fn list<L: Ledger>(
    ledger: &L,
    program: &Pubkey,
    after: Option<u64>,
    up_to: u64,
    missed: &mut BTreeMap<Signature, u64>,
) -> Result<bool, LedgerError> {
    let mut before = None;
    loop {
        let page = patiently(|| ledger.signatures(program, before, up_to)).await?;
        let Some(oldest) = page.last() else { return Ok(false) };
        before = Some(oldest.signature);
        let reached_known = after.is_some_and(|after| oldest.slot <= after);
        for entry in page {
            let is_missed = !entry.failed && entry.slot <= up_to && after.is_none_or(|after| entry.slot > after);
            if is_missed {
                missed.insert(entry.signature, entry.slot);
            }
        }
        if reached_known {
            return Ok(true);
        }
    }
}
