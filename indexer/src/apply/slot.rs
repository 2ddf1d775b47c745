//! What a slot contains, whichever source told it.

pub use gantry_sdk::history::TopLevelInstruction;
use gantry_sdk::{Pubkey, Signature};

/// An account as it stood after a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountWrite {
    /// Where.
    pub address: Pubkey,
    /// The owning program after the write.
    pub owner: Pubkey,
    /// Zero when the account was closed.
    pub lamports: u64,
    /// Its bytes.
    pub data: Vec<u8>,
    /// Orders the writes of one slot.
    pub write_version: u64,
}

/// Lamports of an account before and after a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LamportChange {
    /// Where.
    pub address: Pubkey,
    /// Before.
    pub before: u64,
    /// After.
    pub after: u64,
}

/// A successful transaction that names one of the programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// Its first signature.
    pub signature: Signature,
    /// Place in its block, where the source tells it.
    pub index: Option<u64>,
    /// What the programs logged; `None` when the source has no logs.
    pub logs: Option<Vec<String>>,
    /// Its own instructions, in order.
    pub instructions: Vec<TopLevelInstruction>,
    /// Every account that it names.
    pub lamports: Vec<LamportChange>,
    /// Fee paid.
    pub fee_lamports: u64,
    /// Compute units that all instructions used.
    pub compute_units: Option<u64>,
}

/// A confirmed slot with everything that concerns the programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Its number.
    pub number: u64,
    /// The slot that it builds on.
    pub parent: Option<u64>,
    /// Hash of its block.
    pub blockhash: Option<[u8; 32]>,
    /// Hash of the block that it builds on.
    pub parent_blockhash: Option<[u8; 32]>,
    /// The chain's clock, in Unix seconds.
    pub chain_time: Option<i64>,
    /// Writes, in any order.
    pub accounts: Vec<AccountWrite>,
    /// Transactions, in any order.
    pub transactions: Vec<Transaction>,
}

impl Slot {
    /// Roughly what it takes in memory.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        let accounts: usize = self
            .accounts
            .iter()
            .map(|write| size_of::<AccountWrite>() + write.data.len())
            .sum();
        let transactions: usize = self.transactions.iter().map(Transaction::size_bytes).sum();
        size_of::<Self>() + accounts + transactions
    }
}

impl Transaction {
    fn size_bytes(&self) -> usize {
        let logs: usize = self
            .logs
            .iter()
            .flatten()
            .map(|line| size_of::<String>() + line.len())
            .sum();
        let data: usize = self.instructions.iter().map(|instruction| instruction.data.len()).sum();
        size_of::<Self>()
            + logs
            + data
            + self.instructions.len() * size_of::<TopLevelInstruction>()
            + self.lamports.len() * size_of::<LamportChange>()
    }
}
