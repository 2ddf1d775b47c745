//! What a reader of an instruction must say about it, and the reader that says so here.
//!
//! Each vector has one fault. Where a fault brings another with it, the order below is the one in which a reader meets them; the
//! precompile, which runs before any program, puts `bad_signature` first on chain.

use ed25519_dalek::{Signature, VerifyingKey};
use gantry_protocol::ed25519;

use crate::file::{Expected, Vector};

/// Every verdict.
pub(crate) const ALL: [&str; 7] = [
    "valid",
    "not_canonical",
    "malformed",
    "bad_signature",
    "wrong_signer",
    "wrong_cluster",
    "wrong_job",
];

/// Reads a vector's instruction on behalf of the expected job.
pub(crate) fn verdict(vector: &Vector, expected: &Expected) -> &'static str {
    let data = hex::decode(&vector.instruction_data).expect("hexadecimal");
    let Ok(signed) = ed25519::parse(&data) else {
        return "not_canonical";
    };
    let Ok(receipt) = signed.receipt() else {
        return "malformed";
    };
    let verifies = |key: &[u8; 32], at: usize| {
        let signature = data[at..at + 64].try_into().expect("64 bytes");
        VerifyingKey::from_bytes(key)
            .and_then(|key| key.verify_strict(signed.message, &Signature::from_bytes(&signature)))
            .is_ok()
    };
    if !verifies(signed.provider_key, ed25519::PROVIDER_SIGNATURE_AT)
        || !verifies(signed.tenant_key, ed25519::TENANT_SIGNATURE_AT)
    {
        return "bad_signature";
    }
    let is = |bytes: &[u8; 32], text: &str| hex::encode(bytes) == text;
    if !is(signed.provider_key, &expected.provider_key) || !is(signed.tenant_key, &expected.tenant_key) {
        return "wrong_signer";
    }
    if !is(receipt.genesis_hash(), &expected.genesis_hash) {
        return "wrong_cluster";
    }
    if !is(receipt.job(), &expected.job) {
        return "wrong_job";
    }
    "valid"
}
