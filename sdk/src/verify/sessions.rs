//! Which session key counts when.

use market::events::{JobOpened, SessionRotated};
use solana_pubkey::Pubkey;

use super::{CHAIN, COMPUTED, Discrepancy, same};
use crate::receipt::CoSignedReceipt;

/// The job's session keys so far.
pub(super) struct Sessions {
    pub(super) present: Pubkey,
    /// Zeros before the first rotation.
    pub(super) former: Pubkey,
    /// Unix seconds of the last rotation; zero before.
    pub(super) rotated_at: i64,
    /// Unix seconds of the job's start.
    pub(super) started_at: i64,
    grace_window_s: i64,
}

impl Sessions {
    pub(super) fn of(opened: &JobOpened) -> Self {
        Self {
            present: opened.session_key,
            former: Pubkey::default(),
            rotated_at: 0,
            started_at: 0,
            grace_window_s: opened.grace_window_s.into(),
        }
    }

    pub(super) fn rotate(&mut self, rotated: &SessionRotated) -> Result<(), Discrepancy> {
        same(
            "former session key",
            (CHAIN, rotated.former_session_key),
            (COMPUTED, self.present),
        )?;
        self.former = self.present;
        self.present = rotated.session_key;
        self.rotated_at = rotated.at;
        Ok(())
    }

    /// Refuses a receipt under another key than the present one, but under the former for a grace window, and for time until the rotation.
    pub(super) fn check(&self, signed: &CoSignedReceipt, settled_at: i64) -> Result<(), Discrepancy> {
        let is_former = self.rotated_at != 0 && signed.tenant_key == self.former;
        if !is_former || settled_at > self.rotated_at + self.grace_window_s {
            return same(
                "session key",
                ("the receipt", signed.tenant_key),
                ("the job", self.present),
            );
        }
        let until_rotation_s = self.rotated_at.saturating_sub(self.started_at).max(0).unsigned_abs();
        // The chain's clock has whole seconds.
        let most_ms = until_rotation_s.saturating_add(1).saturating_mul(1_000);
        let metered_ms = signed.receipt.metered_ms;
        same(
            "time until the former session key's rotation",
            ("the receipt", metered_ms),
            ("at most the chain", metered_ms.min(most_ms)),
        )
    }
}
