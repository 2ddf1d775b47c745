//! Fetches the transactions of missed slots and writes them to the history.

use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use gantry_sdk::{Pubkey, Signature, market, staking};

use super::ledger::{Ledger, LedgerError};
use crate::{
    apply::{self, Changes},
    store::{StoreError, Writer},
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

/// Writes every successful transaction of the programs in slots above `after` and up to `up_to`; returns how many were new.
///
/// History rows are written in chunks, oldest first, without moving the checkpoint: after an interruption the same range is asked for
/// again and what is known is skipped.
///
/// # Errors
/// [`BackfillError`].
pub async fn missed_transactions<L: Ledger>(
    ledger: &L,
    writer: &mut Writer,
    after: Option<u64>,
    up_to: u64,
) -> Result<usize, BackfillError> {
    let mut missed = BTreeMap::new();
    for program in [staking::ID, market::ID] {
        list(ledger, &program, after, up_to, &mut missed).await?;
    }
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
        fetched += new.len();
    }
    Ok(fetched)
}

/// Collects the signatures of one program's successful transactions, from the newest back.
async fn list<L: Ledger>(
    ledger: &L,
    program: &Pubkey,
    after: Option<u64>,
    up_to: u64,
    missed: &mut BTreeMap<Signature, u64>,
) -> Result<(), LedgerError> {
    let mut before = None;
    loop {
        let page = ledger.signatures(program, before).await?;
        let Some(oldest) = page.last() else { return Ok(()) };
        before = Some(oldest.signature);
        let reached_known = after.is_some_and(|after| oldest.slot <= after);
        for entry in page {
            let is_missed = !entry.failed && entry.slot <= up_to && after.is_none_or(|after| entry.slot > after);
            if is_missed {
                missed.insert(entry.signature, entry.slot);
            }
        }
        if reached_known {
            return Ok(());
        }
    }
}
