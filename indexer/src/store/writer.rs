//! The only connection that writes.

use gantry_sdk::{Pubkey, Signature, market, staking};
use sqlx::{Connection as _, PgConnection};

use super::{
    accounts,
    connect::{Database, StoreError},
    history, tombstones,
    values::signed,
};
use crate::apply::{Changes, Slot, Snapshot};

/// "gantry" in ASCII, and the lock's number. Postgres keeps such locks per database.
const WRITER_LOCK: i64 = 0x6761_6E74_7279_0001;

/// The last slot that is in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The slot.
    pub slot: u64,
    /// Hash of its block, where known.
    pub blockhash: Option<[u8; 32]>,
    /// The chain's clock, in Unix seconds.
    pub chain_time: i64,
    /// When the tables were last known to hold everything confirmed, in Unix milliseconds by this machine's clock; none before the
    /// first time. Slots that were applied late do not move it.
    pub current_at_ms: Option<u64>,
    /// The first slot from which the history is complete, as far as the node that it was fetched from told.
    pub history_from: Option<u64>,
}

/// How a confirmed slot relates to the checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Succession {
    /// It is the next slot of the chain.
    Follows,
    /// It is in the tables: a repetition.
    Known,
    /// Slots lie between that were not delivered.
    Gap,
    /// It does not build on the checkpoint: a confirmed slot was rolled back.
    Fork,
}

impl Checkpoint {
    /// The checkpoint once `slot` is applied.
    #[must_use]
    pub fn after(slot: &Slot, before: Option<&Self>) -> Self {
        let chain_time = slot
            .chain_time
            .or(before.map(|before| before.chain_time))
            .unwrap_or_default();
        Self {
            slot: slot.number,
            blockhash: slot.blockhash,
            chain_time,
            current_at_ms: before.and_then(|before| before.current_at_ms),
            history_from: before.and_then(|before| before.history_from),
        }
    }

    /// Whether `slot` may be applied next.
    #[must_use]
    pub fn judge(&self, slot: &Slot) -> Succession {
        if slot.number <= self.slot {
            let other_block = slot.number == self.slot && differ(self.blockhash, slot.blockhash);
            return if other_block {
                Succession::Fork
            } else {
                Succession::Known
            };
        }
        match slot.parent {
            Some(parent) if parent == self.slot && differ(self.blockhash, slot.parent_blockhash) => Succession::Fork,
            Some(parent) if parent == self.slot => Succession::Follows,
            Some(parent) if parent < self.slot => Succession::Fork,
            _ => Succession::Gap,
        }
    }
}

fn differ(one: Option<[u8; 32]>, other: Option<[u8; 32]>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// Whether this process may write.
#[derive(Debug)]
pub enum Claim {
    /// It may.
    Ours(Writer),
    /// Another process does, and has come this far.
    Theirs(Option<Checkpoint>),
}

/// Writes rows and checkpoint. There is one per database.
///
/// The lock belongs to the connection and everything is written through that same connection: a writer that lost its lock has lost the
/// means to write.
#[derive(Debug)]
pub struct Writer {
    connection: PgConnection,
}

impl Writer {
    /// Becomes the database's writer, unless another process is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn acquire(database: &Database) -> Result<Claim, StoreError> {
        let mut connection = database.connect().await?;
        let locked = sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "locked!""#, WRITER_LOCK)
            .fetch_one(&mut connection)
            .await?;
        let mut claimed = Self { connection };
        Ok(if locked {
            Claim::Ours(claimed)
        } else {
            Claim::Theirs(claimed.checkpoint().await?)
        })
    }

    /// Records which chain this database mirrors, or refuses another one.
    ///
    /// # Errors
    /// [`StoreError::OtherChain`].
    pub async fn bind_to_chain(&mut self, genesis_hash: &[u8; 32]) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO chain (genesis_hash) VALUES ($1) ON CONFLICT DO NOTHING",
            genesis_hash as &[u8]
        )
        .execute(&mut self.connection)
        .await?;
        let recorded = sqlx::query_scalar!("SELECT genesis_hash FROM chain")
            .fetch_one(&mut self.connection)
            .await?;
        if recorded != genesis_hash {
            let text = |bytes: &[u8]| bs58::encode(bytes).into_string();
            return Err(StoreError::OtherChain {
                recorded: text(&recorded),
                actual: text(genesis_hash),
            });
        }
        Ok(())
    }

    /// The last slot that is in the tables.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn checkpoint(&mut self) -> Result<Option<Checkpoint>, StoreError> {
        let row = sqlx::query!("SELECT slot, blockhash, chain_time, current_at_ms, history_from FROM checkpoint")
            .fetch_optional(&mut self.connection)
            .await?;
        Ok(row.map(|row| Checkpoint {
            slot: row.slot.unsigned_abs(),
            blockhash: row.blockhash.and_then(|hash| hash.try_into().ok()),
            chain_time: row.chain_time,
            current_at_ms: row.current_at_ms.map(i64::unsigned_abs),
            history_from: row.history_from.map(i64::unsigned_abs),
        }))
    }

    /// Applies what one or several slots changed and moves the checkpoint to the last of them, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn apply(&mut self, changes: &Changes, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let mut transaction = self.connection.begin().await?;
        accounts::upsert(&mut transaction, changes).await?;
        history::insert(&mut transaction, changes).await?;
        advance(&mut transaction, checkpoint).await?;
        Ok(transaction.commit().await?)
    }

    /// Takes snapshots over together with the slot that the stream began with: rows that a snapshot lacks are buried, and the stream goes
    /// on from `checkpoint`. One transaction.
    ///
    /// Returns everything that was changed.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn apply_snapshots(
        &mut self,
        snapshots: &[Snapshot],
        first: Changes,
        checkpoint: &Checkpoint,
    ) -> Result<Changes, StoreError> {
        let mut changes = first;
        for snapshot in snapshots {
            changes.merge(snapshot.changes());
        }
        let mut transaction = self.connection.begin().await?;
        accounts::upsert(&mut transaction, &changes).await?;
        for snapshot in snapshots {
            bury_absent(&mut transaction, snapshot).await?;
        }
        history::insert(&mut transaction, &changes).await?;
        advance(&mut transaction, checkpoint).await?;
        transaction.commit().await?;
        Ok(changes)
    }

    /// Adds to the history without moving the checkpoint.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was changed.
    pub async fn write_history(&mut self, changes: &Changes) -> Result<(), StoreError> {
        let mut transaction = self.connection.begin().await?;
        history::insert(&mut transaction, changes).await?;
        Ok(transaction.commit().await?)
    }

    /// Those of `signatures` that are not in the history, in the same order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn unknown_signatures(&mut self, signatures: &[Signature]) -> Result<Vec<Signature>, StoreError> {
        let known: std::collections::HashSet<Vec<u8>> = history::known(&mut self.connection, signatures)
            .await?
            .into_iter()
            .collect();
        Ok(signatures
            .iter()
            .filter(|signature| !known.contains(signature.as_ref()))
            .copied()
            .collect())
    }
}

async fn bury_absent(connection: &mut PgConnection, snapshot: &Snapshot) -> Result<(), StoreError> {
    let buried = if snapshot.program == market::ID {
        tombstones::bury_absent_from_market(connection, snapshot).await?
    } else if snapshot.program == staking::ID {
        tombstones::bury_absent_from_staking(connection, snapshot).await?
    } else {
        0
    };
    if buried > 0 {
        let program: Pubkey = snapshot.program;
        tracing::info!(%program, slot = snapshot.slot, buried, "accounts were closed while nobody watched");
    }
    Ok(())
}

async fn advance(connection: &mut PgConnection, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO checkpoint (slot, blockhash, chain_time, current_at_ms, history_from) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (only_row) DO UPDATE SET (slot, blockhash, chain_time, current_at_ms, history_from)
             = (EXCLUDED.slot, EXCLUDED.blockhash, EXCLUDED.chain_time, EXCLUDED.current_at_ms, EXCLUDED.history_from)",
        signed(checkpoint.slot),
        checkpoint.blockhash.as_ref().map(<[u8; 32]>::as_slice),
        checkpoint.chain_time,
        checkpoint.current_at_ms.map(signed),
        checkpoint.history_from.map(signed),
    )
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            slot: 10,
            blockhash: Some([1; 32]),
            chain_time: 0,
            current_at_ms: None,
            history_from: None,
        }
    }

    fn slot(number: u64, parent: u64) -> Slot {
        Slot {
            number,
            parent: Some(parent),
            ..Slot::default()
        }
    }

    #[test]
    fn the_child_of_the_checkpoint_follows_even_over_skipped_slots() {
        assert_eq!(checkpoint().judge(&slot(11, 10)), Succession::Follows);
        assert_eq!(checkpoint().judge(&slot(14, 10)), Succession::Follows);
    }

    #[test]
    fn a_slot_at_or_below_the_checkpoint_is_known() {
        assert_eq!(checkpoint().judge(&slot(10, 9)), Succession::Known);
        assert_eq!(checkpoint().judge(&slot(3, 2)), Succession::Known);
    }

    #[test]
    fn a_slot_whose_parent_was_never_delivered_leaves_a_gap() {
        assert_eq!(checkpoint().judge(&slot(13, 12)), Succession::Gap);
        assert_eq!(
            checkpoint().judge(&Slot {
                number: 11,
                ..Slot::default()
            }),
            Succession::Gap
        );
    }

    #[test]
    fn a_slot_that_builds_past_the_checkpoint_is_a_fork() {
        assert_eq!(checkpoint().judge(&slot(11, 9)), Succession::Fork);
    }

    #[test]
    fn another_block_at_the_checkpoint_is_a_fork() {
        let replayed = Slot {
            blockhash: Some([2; 32]),
            ..slot(10, 9)
        };
        assert_eq!(checkpoint().judge(&replayed), Succession::Fork);
        let child = Slot {
            parent_blockhash: Some([2; 32]),
            ..slot(11, 10)
        };
        assert_eq!(checkpoint().judge(&child), Succession::Fork);
    }
}
