//! The GPU agent: what a provider leaves running beside its GPUs.
//!
//! Purpose: it offers GPUs on chain, runs tenants' workloads in a sandbox, meters them, exchanges receipts with their tenants, and
//! settles what both sides signed.
//!
//! Invariant: no signature leaves before the receipt under it is on disk ([`receipts`]).
//! Invariant: a gap in metering is never filled in ([`meter`]).
//! Invariant: nothing of a job runs on after the job has ended ([`runtime`]).
#![warn(missing_docs)]
#![deny(clippy::unwrap_used)]

pub mod bundle;
pub mod chain;
pub mod clock;
pub mod config;
pub mod exit;
pub mod funding;
pub mod gpu;
pub mod heartbeat;
pub mod job;
pub mod jobs;
pub mod keys;
pub mod meter;
pub mod probe;
pub mod receipts;
pub mod registration;
pub mod results;
pub mod run;
pub mod runtime;
pub mod selftest;
pub mod server;
pub mod settle;
pub mod status;
pub mod tls;
