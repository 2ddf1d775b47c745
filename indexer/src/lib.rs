//! The mirror of the chain: accounts and events of the programs in Postgres, and an API on them.
//!
//! Purpose: search, history and statistics without asking an RPC node; each number with the evidence to recompute it.
//!
//! Invariant: rows, history and checkpoint of a slot are committed together, so the process may be killed at any line.
//! Invariant: the checkpoint follows the parent chain slot by slot. Over a gap it jumps only once everything in between has been
//! fetched over RPC from a node that has seen it all and still has it; until then the indexer says that it is not ready.
//! Invariant: per account only a newer version replaces a row, and a closed account stays closed for everything older.
//! Invariant: nothing is dropped silently: what does not decode is kept with its bytes.
//! Invariant: one writer per database.
#![warn(missing_docs)]
#![deny(clippy::unwrap_used)]

pub mod api;
pub mod apply;
pub mod backfill;
mod causes;
pub mod config;
pub mod ingest;
pub mod progress;
pub mod service;
pub mod store;
pub mod stream;
pub mod telemetry;
