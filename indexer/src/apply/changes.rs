//! What a slot changes in the tables.

use std::collections::BTreeMap;

use gantry_sdk::{Pubkey, Signature, account::Account, receipt::CoSignedReceipt};

/// Orders everything that is known about one account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The slot of the write.
    pub slot: u64,
    /// The write within the slot.
    pub write_version: u64,
}

impl Version {
    /// Before every write of `slot`: how a snapshot is labelled, which may lack the slot's last writes.
    #[must_use]
    pub const fn start_of(slot: u64) -> Self {
        Self { slot, write_version: 0 }
    }

    /// After every write of `slot`.
    #[must_use]
    pub const fn end_of(slot: u64) -> Self {
        Self {
            slot,
            write_version: u64::MAX,
        }
    }
}

/// What an account holds and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Since when.
    pub version: Version,
    /// What.
    pub account: Account,
}

/// A row of `transactions`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransactionRow {
    /// Its first signature.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
    /// Place in its block, where known.
    pub index: Option<u64>,
    /// The chain's clock, in Unix seconds.
    pub block_time: Option<i64>,
    /// Fee paid.
    pub fee_lamports: u64,
    /// Compute units used.
    pub compute_units: Option<u64>,
}

/// A row of `events`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRow {
    /// The transaction.
    pub signature: Signature,
    /// Place among the programs' events of the transaction.
    pub ordinal: usize,
    /// Its slot.
    pub slot: u64,
    /// The program that logged it.
    pub program: Pubkey,
    /// Its type.
    pub name: &'static str,
    /// What it is about.
    pub subject: Option<Pubkey>,
    /// As logged.
    pub payload: Vec<u8>,
}

/// A row of `settlements`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementRow {
    /// The transaction.
    pub signature: Signature,
    /// Place of its event in the transaction.
    pub ordinal: usize,
    /// Its slot.
    pub slot: u64,
    /// The chain's clock, in Unix seconds.
    pub settled_at: i64,
    /// The evidence.
    pub receipt: CoSignedReceipt,
    /// Paid by this settlement.
    pub paid_now: u64,
    /// Paid so far.
    pub paid: u64,
    /// Kept as fee so far.
    pub fee: u64,
    /// The provider's balance afterwards.
    pub balance: u64,
    /// Of the whole transaction.
    pub compute_units: Option<u64>,
}

/// What kind of thing did not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecoded {
    /// An account's data.
    Account,
    /// A logged event.
    Event,
    /// A transaction whose logs are missing or cut.
    Transaction,
}

impl Undecoded {
    /// Its name in the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Event => "event",
            Self::Transaction => "transaction",
        }
    }
}

/// A row of `dead_letters`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// What kind.
    pub kind: Undecoded,
    /// The account's address or the transaction's signature.
    pub source: Vec<u8>,
    /// Its slot.
    pub slot: u64,
    /// Place in the transaction, or write version.
    pub ordinal: u64,
    /// The program that it belongs to.
    pub program: Pubkey,
    /// What there was.
    pub bytes: Vec<u8>,
    /// Why it did not decode.
    pub reason: String,
}

/// Everything that one or several slots change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Accounts in the latest version that held something. One that was closed since is here too: its last row stays.
    pub accounts: BTreeMap<Pubkey, Versioned>,
    /// Accounts of the programs that are gone, or belong to another program, and since when.
    pub closed: BTreeMap<Pubkey, Version>,
    /// Accounts of anyone that a transaction left without lamports, and since when. Only those that were ours are closed by it.
    pub emptied: BTreeMap<Pubkey, Version>,
    /// Transactions.
    pub transactions: Vec<TransactionRow>,
    /// Events.
    pub events: Vec<EventRow>,
    /// Settlements.
    pub settlements: Vec<SettlementRow>,
    /// What did not decode.
    pub dead_letters: Vec<DeadLetter>,
}

impl Changes {
    /// Takes an account's contents over if they are the newest known.
    pub fn note(&mut self, address: Pubkey, seen: Versioned) {
        match self.accounts.get(&address) {
            Some(known) if known.version > seen.version => {}
            _ => drop(self.accounts.insert(address, seen)),
        }
    }

    /// Notes that an account of the programs is gone.
    pub fn note_closed(&mut self, address: Pubkey, version: Version) {
        note_latest(&mut self.closed, address, version);
    }

    /// Notes that an account, perhaps none of ours, has no lamports left.
    pub fn note_emptied(&mut self, address: Pubkey, version: Version) {
        note_latest(&mut self.emptied, address, version);
    }

    /// Adds what another slot changes.
    pub fn merge(&mut self, other: Self) {
        for (address, seen) in other.accounts {
            self.note(address, seen);
        }
        for (address, version) in other.closed {
            self.note_closed(address, version);
        }
        for (address, version) in other.emptied {
            self.note_emptied(address, version);
        }
        self.transactions.extend(other.transactions);
        self.events.extend(other.events);
        self.settlements.extend(other.settlements);
        self.dead_letters.extend(other.dead_letters);
    }

    /// Rows in all, but for accounts that may be none of ours.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.accounts.len()
            + self.closed.len()
            + self.transactions.len()
            + self.events.len()
            + self.settlements.len()
            + self.dead_letters.len()
    }
}

fn note_latest(known: &mut BTreeMap<Pubkey, Version>, address: Pubkey, version: Version) {
    let latest = known.entry(address).or_insert(version);
    *latest = version.max(*latest);
}
