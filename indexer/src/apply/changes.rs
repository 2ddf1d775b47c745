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

/// How an account ended up.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant)] // Almost all are live; a box each would cost more.
pub enum AccountState {
    /// It holds this.
    Live(Account),
    /// It is gone, or belongs to another program.
    Closed,
}

/// An account's state and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versioned {
    /// Since when.
    pub version: Version,
    /// What.
    pub state: AccountState,
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
    /// Accounts in their latest version.
    pub accounts: BTreeMap<Pubkey, Versioned>,
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
    /// Takes an account's state over if it is the newest known.
    pub fn note(&mut self, address: Pubkey, seen: Versioned) {
        match self.accounts.get(&address) {
            Some(known) if known.version > seen.version => {}
            _ => drop(self.accounts.insert(address, seen)),
        }
    }

    /// Adds what another slot changes.
    pub fn merge(&mut self, other: Self) {
        for (address, seen) in other.accounts {
            self.note(address, seen);
        }
        self.transactions.extend(other.transactions);
        self.events.extend(other.events);
        self.settlements.extend(other.settlements);
        self.dead_letters.extend(other.dead_letters);
    }

    /// Rows in all.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.accounts.len()
            + self.transactions.len()
            + self.events.len()
            + self.settlements.len()
            + self.dead_letters.len()
    }
}
