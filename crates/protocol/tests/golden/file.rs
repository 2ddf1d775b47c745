//! The file's form. Bytes are in hexadecimal; integers of 64 bits are strings, which no JSON reader rounds.

use std::fs;

use gantry_protocol::Receipt;
use serde::{Deserialize, Serialize};

/// Where it is.
pub(crate) const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/receipts.json");

/// The whole file.
#[derive(Serialize, Deserialize)]
pub(crate) struct Vectors {
    /// What the file is, for whoever opens it.
    pub(crate) about: String,
    /// The job that the instructions are shown to.
    pub(crate) expected: Expected,
    /// The vectors.
    pub(crate) vectors: Vec<Vector>,
}

/// What a receipt must fit.
#[derive(Serialize, Deserialize)]
pub(crate) struct Expected {
    pub(crate) genesis_hash: String,
    pub(crate) job: String,
    pub(crate) provider_key: String,
    pub(crate) tenant_key: String,
}

/// One instruction of the Ed25519 precompile.
#[derive(Serialize, Deserialize)]
pub(crate) struct Vector {
    /// What is special about it.
    pub(crate) name: String,
    /// What was signed, where it is a receipt.
    pub(crate) receipt: Option<Fields>,
    /// The bytes that were signed.
    pub(crate) message: String,
    /// Keys and signatures, in the order of the instruction.
    pub(crate) signatures: Vec<Signed>,
    /// The instruction's data.
    pub(crate) instruction_data: String,
    /// Whether the precompile lets the transaction pass, as its first instruction.
    pub(crate) precompile_accepts: bool,
    /// One of [`crate::verdict::ALL`].
    pub(crate) verdict: String,
}

/// A receipt's fields.
#[derive(Serialize, Deserialize)]
pub(crate) struct Fields {
    genesis_hash: String,
    job: String,
    sequence: String,
    metered_ms: String,
    time_ms: String,
    flags: String,
    samples_root: String,
}

/// A key and what it signed with.
#[derive(Serialize, Deserialize)]
pub(crate) struct Signed {
    pub(crate) public_key: String,
    pub(crate) signature: String,
}

impl Vectors {
    /// The file as it is in the repository.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(PATH).expect("the vectors are in the repository");
        serde_json::from_str(&text).expect("the vectors' form")
    }

    /// The file's text.
    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("strings and booleans") + "\n"
    }
}

impl Fields {
    pub(crate) fn of(receipt: &Receipt) -> Self {
        Self {
            genesis_hash: hex::encode(receipt.genesis_hash),
            job: hex::encode(receipt.job),
            sequence: receipt.sequence.to_string(),
            metered_ms: receipt.metered_ms.to_string(),
            time_ms: receipt.time_ms.to_string(),
            flags: receipt.flags.to_string(),
            samples_root: hex::encode(receipt.samples_root),
        }
    }

    pub(crate) fn to_receipt(&self) -> Receipt {
        Receipt {
            genesis_hash: array(&self.genesis_hash),
            job: array(&self.job),
            sequence: self.sequence.parse().expect("64 bits"),
            metered_ms: self.metered_ms.parse().expect("64 bits"),
            time_ms: self.time_ms.parse().expect("64 bits"),
            flags: self.flags.parse().expect("64 bits"),
            samples_root: array(&self.samples_root),
        }
    }
}

/// The bytes of a hexadecimal string.
pub(crate) fn array<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).expect("hexadecimal of the right length");
    bytes
}
