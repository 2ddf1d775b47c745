//! Payments that a provider claimed of a silent tenant, recomputed.

use market::events::{ClaimOpened, ClaimSettled};
use solana_pubkey::Pubkey;
use solana_signature::Signature;

use super::{CHAIN, COMPUTED, Discrepancy, Replay, same};
use crate::{address::ED25519_PROGRAM, history::JobTransaction, receipt::ProviderReceipt};

/// One claim, recomputed from the receipt that the provider alone had signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedClaim {
    /// The transaction that settled it.
    pub signature: Signature,
    /// Its slot.
    pub slot: u64,
    /// What the provider had signed.
    pub receipt: ProviderReceipt,
    /// Paid to the provider by it; zero when the tenant had signed as much meanwhile.
    pub paid_now: u64,
}

impl Replay<'_> {
    /// Checks the receipt, and that it claims no more than the grace window.
    pub(super) fn open_claim(
        &mut self,
        transaction: &JobTransaction,
        instruction: usize,
        opened: &ClaimOpened,
    ) -> Result<(), Discrepancy> {
        let signed = receipt_of(transaction, instruction)?;
        let receipt = &signed.receipt;
        for (what, signed, known) in [
            ("job of the claim", Pubkey::from(receipt.job), opened.job),
            (
                "cluster of the claim",
                Pubkey::from(receipt.genesis_hash),
                Pubkey::from(self.genesis_hash),
            ),
            ("attestation key of the claim", signed.key, self.attestation_key),
            (
                "samples of the claim",
                Pubkey::from(receipt.samples_root),
                Pubkey::from(opened.samples_root),
            ),
        ] {
            same(what, ("the receipt", signed), (CHAIN, known))?;
        }
        if receipt.sequence <= self.sequence || receipt.metered_ms < self.metered_ms {
            return Err(Discrepancy::NotNewer(transaction.signature));
        }
        let most_ms = self.co_signed_ms + u64::from(self.opened.grace_window_s) * 1_000;
        for (what, logged, computed) in [
            ("sequence of the claim", opened.sequence, receipt.sequence),
            (
                "metered_ms of the claim",
                opened.metered_ms,
                receipt.metered_ms.min(most_ms),
            ),
            (
                "bond of the claim",
                opened.bond,
                self.bill(receipt.metered_ms)?.paid.0 - self.paid,
            ),
        ] {
            same(what, (CHAIN, logged), (COMPUTED, computed))?;
        }
        self.claim = Some(signed);
        Ok(())
    }

    /// Checks what a claim was paid.
    pub(super) fn settle_claim(
        &mut self,
        transaction: &JobTransaction,
        settled: &ClaimSettled,
    ) -> Result<(), Discrepancy> {
        let signature = transaction.signature;
        let claim = self.claim.take().ok_or(Discrepancy::NoClaim(signature))?;
        let before = self.paid;
        let is_newer = claim.receipt.sequence > self.sequence && claim.receipt.metered_ms > self.metered_ms;
        if is_newer && !self.is_final {
            self.paid = self.bill(claim.receipt.metered_ms)?.paid.0;
            self.sequence = claim.receipt.sequence;
            self.metered_ms = claim.receipt.metered_ms;
            self.samples_root = claim.receipt.samples_root;
        }
        let paid_now = self.paid - before;
        for (what, logged, computed) in [
            ("sequence", settled.sequence, self.sequence),
            ("metered_ms", settled.metered_ms, self.metered_ms),
            ("paid by this claim", settled.paid_now, paid_now),
            ("paid", settled.paid, self.paid),
            ("fee", settled.fee, self.bill(self.metered_ms)?.fee.0),
        ] {
            same(what, (CHAIN, logged), (COMPUTED, computed))?;
        }
        self.claims.push(VerifiedClaim {
            signature,
            slot: transaction.slot,
            receipt: claim,
            paid_now,
        });
        Ok(())
    }
}

/// The receipt that a claim is about, with its signature checked again.
fn receipt_of(transaction: &JobTransaction, instruction: usize) -> Result<ProviderReceipt, Discrepancy> {
    let signature = transaction.signature;
    let before = instruction
        .checked_sub(1)
        .and_then(|place| transaction.instructions.get(place));
    let before = before
        .filter(|before| before.program == ED25519_PROGRAM)
        .ok_or(Discrepancy::NoSignatures(signature))?;
    let signed = ProviderReceipt::from_instruction_data(&before.data);
    let checked = signed.and_then(|signed| signed.verify().map(|()| signed));
    checked.map_err(|error| Discrepancy::Receipt { signature, error })
}
