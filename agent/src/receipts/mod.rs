//! Receipts: the durable log of everything that this agent has signed, and of what tenants signed too.

mod error;
mod keep;
mod log;
mod place;
mod row;

pub use error::LogError;
pub use log::{Draft, ReceiptLog};
pub use row::{MeterState, SignedRow};
