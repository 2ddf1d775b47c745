//! What the stream cannot give: accounts that existed before, and transactions of slots that were missed.

mod fetch;
mod ledger;
mod patience;
mod rpc;

pub use fetch::{BackfillError, Missed, missed_transactions};
pub use ledger::{Ledger, LedgerError, Recorded, SignatureEntry};
pub(crate) use patience::patiently;
pub use rpc::RpcLedger;
