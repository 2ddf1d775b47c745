//! The vectors: receipts that count, and receipts that were properly signed but do not.

use ed25519_dalek::{Signer, SigningKey};
use gantry_protocol::{Receipt, ed25519::encode, merkle, receipt::FLAG_FINAL};

use crate::{
    faults,
    file::{Expected, Fields, Signed, Vector, Vectors},
    parties::{Keys, labelled, ordinary},
};

/// A vector before it is written.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) message: Vec<u8>,
    pub(crate) signatures: Vec<([u8; 32], [u8; 64])>,
    pub(crate) data: Vec<u8>,
    pub(crate) precompile_accepts: bool,
    pub(crate) verdict: &'static str,
}

impl Case {
    /// Both keys sign 144 bytes, and the instruction is in the canonical layout.
    pub(crate) fn canonical(
        name: &str,
        message: [u8; 144],
        (provider, tenant): (&SigningKey, &SigningKey),
        verdict: &'static str,
    ) -> Self {
        let signatures = [provider, tenant].map(|key| sign(key, &message));
        let [(provider_key, provider_signature), (tenant_key, tenant_signature)] = &signatures;
        Self {
            name: name.to_owned(),
            data: encode(provider_key, provider_signature, tenant_key, tenant_signature, &message).to_vec(),
            message: message.to_vec(),
            signatures: signatures.to_vec(),
            precompile_accepts: true,
            verdict,
        }
    }

    fn vector(self) -> Vector {
        Vector {
            receipt: Receipt::from_bytes(&self.message).ok().as_ref().map(Fields::of),
            message: hex::encode(self.message),
            signatures: self
                .signatures
                .iter()
                .map(|(key, signature)| Signed {
                    public_key: hex::encode(key),
                    signature: hex::encode(signature),
                })
                .collect(),
            instruction_data: hex::encode(self.data),
            precompile_accepts: self.precompile_accepts,
            verdict: self.verdict.to_owned(),
            name: self.name,
        }
    }
}

/// A key and its signature of a message.
pub(crate) fn sign(key: &SigningKey, message: &[u8]) -> ([u8; 32], [u8; 64]) {
    (key.verifying_key().to_bytes(), key.sign(message).to_bytes())
}

/// The whole file.
pub(crate) fn all() -> Vectors {
    let keys = Keys::new();
    let cases = [
        valid(&keys),
        wrong_signer(&keys),
        malformed(&keys),
        elsewhere(&keys),
        faults::of_signatures(&keys),
        faults::of_layout(&keys),
    ];
    let key = |key: &SigningKey| hex::encode(key.verifying_key().to_bytes());
    Vectors {
        about: "Golden vectors of co-signed Gantry receipts, version 1 (docs/PROTOCOL.md). `instruction_data` is shown to the \
                `expected` job; `verdict` is what every party must say. Bytes in hexadecimal."
            .to_owned(),
        expected: Expected {
            genesis_hash: hex::encode(ordinary().genesis_hash),
            job: hex::encode(ordinary().job),
            provider_key: key(&keys.provider),
            tenant_key: key(&keys.tenant),
        },
        vectors: cases.into_iter().flatten().map(Case::vector).collect(),
    }
}

fn valid(keys: &Keys) -> Vec<Case> {
    let receipts = [
        ("an ordinary receipt", ordinary()),
        (
            "the first receipt, before any sample",
            Receipt {
                sequence: 1,
                metered_ms: 0,
                samples_root: merkle::empty_root(),
                ..ordinary()
            },
        ),
        (
            "the final receipt",
            Receipt {
                flags: FLAG_FINAL,
                ..ordinary()
            },
        ),
        (
            "the highest sequence and the earliest time",
            Receipt {
                sequence: u64::MAX,
                time_ms: i64::MIN,
                ..ordinary()
            },
        ),
        (
            "an odd number of milliseconds in the last of ten minutes",
            Receipt {
                metered_ms: 599_999,
                time_ms: i64::MAX,
                samples_root: [0xff; 32],
                ..ordinary()
            },
        ),
    ];
    receipts
        .map(|(name, receipt)| Case::canonical(name, receipt.to_bytes(), (&keys.provider, &keys.tenant), "valid"))
        .into()
}

fn wrong_signer(keys: &Keys) -> Vec<Case> {
    let Keys {
        provider,
        tenant,
        stranger,
    } = keys;
    let signers = [
        ("signers in the other order", (tenant, provider)),
        ("the provider for both", (provider, provider)),
        ("the tenant for both", (tenant, tenant)),
        ("a stranger for the provider", (stranger, tenant)),
        ("a stranger for the tenant", (provider, stranger)),
    ];
    signers
        .map(|(name, signers)| Case::canonical(name, ordinary().to_bytes(), signers, "wrong_signer"))
        .into()
}

fn malformed(keys: &Keys) -> Vec<Case> {
    let with = |at: usize, byte: u8| {
        let mut message = ordinary().to_bytes();
        message[at] = byte;
        message
    };
    let messages = [
        ("another domain", with(0, b'G')),
        ("version 2", with(15, 2)),
        ("version 0", with(15, 0)),
        ("an unknown flag", with(104, 2)),
        ("an unknown flag beside the known one", with(104, 3)),
        ("the last of all flags", with(111, 0x80)),
    ];
    messages
        .map(|(name, message)| Case::canonical(name, message, (&keys.provider, &keys.tenant), "malformed"))
        .into()
}

fn elsewhere(keys: &Keys) -> Vec<Case> {
    let receipts = [
        (
            "a receipt of another cluster",
            Receipt {
                genesis_hash: labelled("another cluster"),
                ..ordinary()
            },
            "wrong_cluster",
        ),
        (
            "a receipt of another job",
            Receipt {
                job: labelled("another job"),
                ..ordinary()
            },
            "wrong_job",
        ),
    ];
    receipts
        .map(|(name, receipt, verdict)| {
            Case::canonical(name, receipt.to_bytes(), (&keys.provider, &keys.tenant), verdict)
        })
        .into()
}
