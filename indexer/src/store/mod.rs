//! The tables: one connection writes, a small pool reads.

mod accounts;
mod connect;
mod history;
mod tombstones;
mod values;
mod writer;

pub use connect::{Database, StoreError};
pub use writer::{Checkpoint, Claim, Succession, Writer};
