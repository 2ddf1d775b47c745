//! Claims against a silent tenant.

use gantry_protocol::{receipt::ReceiptView, Atoms, Metered, UnixSeconds};

use super::{Job, Outcome};
use crate::{state::Claim, MarketError};

impl Job {
    /// Takes note of a claim over a receipt that the provider alone has signed, and returns what it would earn: at most what the grace
    /// window beyond the last co-signed receipt costs.
    pub fn claim(&mut self, receipt: ReceiptView<'_>, now: UnixSeconds) -> Outcome<Atoms> {
        let ends_at = self.ends_at()?;
        if self.claimed == 1 {
            return Err(MarketError::ClaimWaiting);
        }
        if self.is_final == 1 || now > ends_at.after(self.grace_window_s) {
            return Err(MarketError::ClaimTooLate);
        }
        if receipt.sequence() <= self.sequence {
            return Err(MarketError::StaleReceipt);
        }
        if receipt.metered_ms() < self.metered_ms {
            return Err(MarketError::UsageRegressed);
        }
        let metered = Metered(receipt.metered_ms());
        let most = self
            .co_signed_ms
            .saturating_add(Metered::of_seconds(self.grace_window_s).0);
        if metered.0 > most {
            return Err(MarketError::ClaimExceedsGrace);
        }
        self.require_elapsed(metered, now)?;
        let (_, paid, _) = self.bill(metered)?;
        let earned = paid.checked_sub(Atoms(self.paid)).ok_or(MarketError::UsageRegressed)?;
        if earned == Atoms::ZERO {
            return Err(MarketError::ZeroAmount);
        }
        self.claimed = 1;
        Ok(earned)
    }

    /// Ends the wait of a claim and returns what it earns: nothing when the tenant has signed as much meanwhile, or that nothing more is
    /// metered; both also end the wait early.
    pub fn settle_claim(&mut self, claim: &Claim, now: UnixSeconds) -> Outcome<Atoms> {
        self.release_claim()?;
        let is_ended = self.is_final == 1;
        if is_ended || claim.sequence <= self.sequence || claim.metered_ms <= self.metered_ms {
            return Ok(Atoms::ZERO);
        }
        if now.0 < claim.payable_at {
            return Err(MarketError::ChallengeWindowOpen);
        }
        self.record(claim.sequence, Metered(claim.metered_ms), &claim.samples_root)
    }

    /// Forgets a claim.
    pub fn release_claim(&mut self) -> Outcome<()> {
        if self.claimed == 0 {
            return Err(MarketError::WrongJobState);
        }
        self.claimed = 0;
        Ok(())
    }
}
