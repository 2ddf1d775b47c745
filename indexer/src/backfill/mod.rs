//! What the stream cannot give: accounts that existed before, and transactions of slots that were missed.

mod fetch;
mod ledger;
mod rpc;

pub use fetch::{BackfillError, missed_transactions};
pub use ledger::{Ledger, LedgerError, Recorded, SignatureEntry};
pub use rpc::RpcLedger;
