//! What is asked of an RPC node.

use std::future::Future;

use gantry_sdk::{Pubkey, Signature};

use crate::apply::{Snapshot, Transaction};

/// Why a node did not answer as it should.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The request failed.
    #[error("the RPC node {url} failed at {request}: {reason}")]
    Failed {
        /// Which node.
        url: String,
        /// Which request.
        request: &'static str,
        /// Why.
        reason: String,
    },
    /// The node has not come as far as it should.
    #[error("the RPC node {url} is behind: it has not reached slot {wanted}")]
    Behind {
        /// Which node.
        url: String,
        /// The slot that it must have reached.
        wanted: u64,
    },
    /// The node has thrown away what is asked for. Nothing is built on that.
    #[error(
        "the RPC node has nothing before slot {first_available}, but slots from {wanted} on are missing; \
         use a node that keeps the ledger"
    )]
    Pruned {
        /// The first slot that the node has.
        first_available: u64,
        /// The first slot that is needed.
        wanted: u64,
    },
    /// The node names a transaction that it cannot give. Nothing is built on that.
    #[error("the RPC node {url} does not have transaction {signature} in full; use a node that keeps the ledger")]
    Unavailable {
        /// Which node.
        url: String,
        /// Which transaction.
        signature: Signature,
    },
}

/// A transaction that names an address, by signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureEntry {
    /// Its first signature.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
    /// Whether it failed, and so changed nothing.
    pub failed: bool,
}

/// A transaction as the ledger recorded it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its slot.
    pub slot: u64,
    /// The chain's clock, in Unix seconds.
    pub block_time: Option<i64>,
    /// What it did.
    pub transaction: Transaction,
}

/// An RPC node, at commitment *confirmed*.
pub trait Ledger: Send + Sync {
    /// Genesis hash of the cluster.
    fn genesis_hash(&self) -> impl Future<Output = Result<[u8; 32], LedgerError>> + Send;

    /// The newest confirmed slot.
    fn confirmed_slot(&self) -> impl Future<Output = Result<u64, LedgerError>> + Send;

    /// The first slot of which the node has everything.
    fn first_available_slot(&self) -> impl Future<Output = Result<u64, LedgerError>> + Send;

    /// All accounts of a program, as of `min_slot` or later.
    fn snapshot(&self, program: &Pubkey, min_slot: u64) -> impl Future<Output = Result<Snapshot, LedgerError>> + Send;

    /// A page of transactions that name `address`, newest first, beginning below `before`, by a node that has reached `min_slot`. An
    /// empty page is the end of what the node has.
    fn signatures(
        &self,
        address: &Pubkey,
        before: Option<Signature>,
        min_slot: u64,
    ) -> impl Future<Output = Result<Vec<SignatureEntry>, LedgerError>> + Send;

    /// A transaction.
    fn transaction(&self, signature: &Signature) -> impl Future<Output = Result<Recorded, LedgerError>> + Send;
}
