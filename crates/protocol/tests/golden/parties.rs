//! The keys, the cluster and the job of the vectors, each from a public label: nothing secret, nothing random.

use ed25519_dalek::SigningKey;
use gantry_protocol::{Receipt, merkle};
use solana_sha256_hasher::hash;

/// The hash of a label.
pub(crate) fn labelled(label: &str) -> [u8; 32] {
    hash(format!("gantry golden vectors: {label}").as_bytes()).to_bytes()
}

/// The job's two keys, and one that has nothing to do with it.
pub(crate) struct Keys {
    pub(crate) provider: SigningKey,
    pub(crate) tenant: SigningKey,
    pub(crate) stranger: SigningKey,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let key = |label| SigningKey::from_bytes(&labelled(label));
        Self {
            provider: key("the provider's attestation key"),
            tenant: key("the tenant's session key"),
            stranger: key("a stranger's key"),
        }
    }
}

/// A receipt of the job, ten seconds after its start.
pub(crate) fn ordinary() -> Receipt {
    Receipt {
        genesis_hash: labelled("the cluster"),
        job: labelled("the job"),
        sequence: 7,
        metered_ms: 10_000,
        time_ms: 1_800_000_010_000,
        flags: 0,
        samples_root: merkle::leaf(b"gantry golden vectors: a sample"),
    }
}
