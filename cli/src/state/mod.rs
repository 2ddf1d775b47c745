//! What the tenant must not lose: session keys and co-signed receipts of its jobs.
//!
//! Invariant: a job's record is on disk before the job is opened on chain.
//! Invariant: a co-signed receipt is on disk before its signature leaves.

mod record;
mod store;

#[cfg(test)]
pub(crate) use record::record_for_tests;
pub(crate) use record::{Elsewhere, Record, SessionKey, StoredReceipt, Successor};
pub(crate) use store::{JobDirectory, Store};
