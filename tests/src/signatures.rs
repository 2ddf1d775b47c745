//! Receipts with both signatures.

use gantry_protocol::{Receipt, merkle, receipt::FLAG_FINAL};
use gantry_sdk::{
    Keypair, Pubkey, Signer,
    receipt::{CoSignedReceipt, sign},
};
use market::state::Job;

/// The receipt that follows the job's last settled one, for this much metered time.
#[must_use]
pub fn next_receipt(address: &Pubkey, job: &Job, metered_ms: u64) -> Receipt {
    Receipt {
        genesis_hash: job.genesis_hash,
        job: address.to_bytes(),
        sequence: job.sequence + 1,
        metered_ms,
        time_ms: (job.started_at * 1_000).saturating_add_unsigned(metered_ms),
        flags: 0,
        samples_root: merkle::leaf(&metered_ms.to_le_bytes()),
    }
}

/// The same receipt, as the job's last.
#[must_use]
pub const fn finally(receipt: Receipt) -> Receipt {
    Receipt {
        flags: FLAG_FINAL,
        ..receipt
    }
}

/// The receipt, signed by both.
#[must_use]
pub fn co_sign(receipt: Receipt, provider: &Keypair, tenant: &Keypair) -> CoSignedReceipt {
    CoSignedReceipt {
        receipt,
        provider_key: provider.pubkey(),
        provider_signature: sign(provider, &receipt),
        tenant_key: tenant.pubkey(),
        tenant_signature: sign(tenant, &receipt),
    }
}
