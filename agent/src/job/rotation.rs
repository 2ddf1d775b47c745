//! The tenant's new session key.

use std::sync::Arc;
use tokio::task::spawn_blocking;

use super::{payable, task::Task};

impl Task {
    /// After a rotation counts only what the chain still pays, and has what the former key signed settled at once: it counts for a grace
    /// window, and not a second longer.
    pub(super) async fn follow_rotation(&mut self) {
        let account = self.record.account;
        if account.session_key == self.session_key {
            return;
        }
        let (log, address) = (Arc::clone(&self.services.log), self.address);
        let rows = match spawn_blocking(move || log.newest_first(&address)).await {
            Ok(Ok(rows)) => rows,
            Ok(Err(error)) => {
                return tracing::error!(job = %address, %error, "the receipts of the former session key cannot be read");
            }
            Err(error) => {
                return tracing::error!(job = %address, %error, "the receipts of the former session key were not read");
            }
        };
        let standing = payable::standing(rows, &account, payable::now_s(&self.services));
        tracing::info!(job = %address, sequence = standing.sequence, "the tenant has another session key");
        self.session_key = account.session_key;
        self.recount.send_replace(standing);
        self.services.rotated.notify_one();
    }
}
