//! From what a slot contains to what it changes in the tables. Pure: no clock, no database.

mod accounts;
mod changes;
mod history;
mod slot;

use gantry_sdk::Pubkey;

pub use changes::{Changes, DeadLetter, EventRow, SettlementRow, TransactionRow, Undecoded, Version, Versioned};
pub use slot::{AccountWrite, LamportChange, Slot, TopLevelInstruction, Transaction};

/// What a confirmed slot changes.
#[must_use]
pub fn slot_changes(slot: &Slot) -> Changes {
    let mut changes = Changes::default();
    accounts::fold(slot, &mut changes);
    for transaction in &slot.transactions {
        history::record(transaction, slot.number, slot.chain_time, &mut changes);
    }
    changes
}

/// What a transaction fetched afterwards adds to the history. Says nothing about accounts: a snapshot does.
#[must_use]
pub fn transaction_changes(transaction: &Transaction, slot: u64, block_time: Option<i64>) -> Changes {
    let mut changes = Changes::default();
    history::record(transaction, slot, block_time, &mut changes);
    changes
}

/// All accounts of a program as a node gave them at `slot`.
///
/// Labelled as before every write of that slot, because a node may answer while the slot is still open: the stream then delivers the
/// rest of it, and an equal or newer write from there wins.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The program.
    pub program: Pubkey,
    /// The slot.
    pub slot: u64,
    /// Its accounts.
    pub accounts: Vec<AccountWrite>,
}

impl Snapshot {
    /// What it changes; accounts that it lacks are up to the store, which knows those.
    #[must_use]
    pub fn changes(&self) -> Changes {
        let mut changes = Changes::default();
        for write in &self.accounts {
            accounts::note_write(write, Version::start_of(self.slot), &mut changes);
        }
        changes
    }
}
