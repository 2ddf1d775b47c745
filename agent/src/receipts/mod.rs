//! Receipts: the durable log of everything that this agent has signed, and of what tenants signed too.

mod log;
mod row;

pub use log::{Draft, LogError, ReceiptLog};
pub use row::{MeterState, SignedRow};
