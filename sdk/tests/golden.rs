//! The golden vectors of `crates/protocol/tests/vectors`, read as the agent, the tenant and the indexer read receipts.

use gantry_protocol::{Receipt, ed25519};
use gantry_sdk::receipt::{CoSignedReceipt, ReceiptError};
use serde::Deserialize;

const VECTORS: &str = include_str!("../../crates/protocol/tests/vectors/receipts.json");

#[derive(Deserialize)]
struct Vectors {
    expected: Expected,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Expected {
    genesis_hash: String,
    job: String,
    provider_key: String,
    tenant_key: String,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    receipt: Option<Fields>,
    signatures: Vec<Signed>,
    instruction_data: String,
    verdict: String,
}

#[derive(Deserialize)]
struct Fields {
    genesis_hash: String,
    job: String,
    sequence: String,
    metered_ms: String,
    time_ms: String,
    flags: String,
    samples_root: String,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Signed {
    public_key: String,
    signature: String,
}

fn vectors() -> Vectors {
    serde_json::from_str(VECTORS).expect("the vectors' form")
}

fn data(vector: &Vector) -> Vec<u8> {
    hex::decode(&vector.instruction_data).expect("hexadecimal")
}

/// What the SDK says of an instruction, on behalf of the expected job.
fn verdict(data: &[u8], expected: &Expected) -> &'static str {
    let signed = match CoSignedReceipt::from_instruction_data(data) {
        Ok(signed) => signed,
        Err(ReceiptError::NotCanonical(_)) => return "not_canonical",
        Err(ReceiptError::Malformed(_)) => return "malformed",
        Err(ReceiptError::InvalidSignature(_)) => return "bad_signature",
        // That a receipt commits to a sample is asked of a leaf's proof alone.
        Err(ReceiptError::NotCommitted) => unreachable!("no receipt of these is read beside a sample"),
    };
    if signed.verify().is_err() {
        return "bad_signature";
    }
    let keys = (signed.provider_key.to_bytes(), signed.tenant_key.to_bytes());
    if (hex::encode(keys.0), hex::encode(keys.1)) != (expected.provider_key.clone(), expected.tenant_key.clone()) {
        return "wrong_signer";
    }
    if hex::encode(signed.receipt.genesis_hash) != expected.genesis_hash {
        return "wrong_cluster";
    }
    if hex::encode(signed.receipt.job) != expected.job {
        return "wrong_job";
    }
    "valid"
}

#[test]
fn every_golden_vector_gets_its_verdict() {
    let vectors = vectors();
    assert!(vectors.vectors.len() >= 20);
    for vector in &vectors.vectors {
        assert_eq!(
            verdict(&data(vector), &vectors.expected),
            vector.verdict,
            "{}",
            vector.name
        );
    }
}

#[test]
fn every_field_key_and_signature_is_read_as_the_file_says() {
    for vector in vectors().vectors {
        let Ok(signed) = CoSignedReceipt::from_instruction_data(&data(&vector)) else {
            continue;
        };
        let fields = vector
            .receipt
            .as_ref()
            .expect("a canonical instruction over a receipt names its fields");
        assert_eq!(signed.receipt, receipt(fields), "{}", vector.name);
        let pair = |key: &[u8], signature: &[u8]| Signed {
            public_key: hex::encode(key),
            signature: hex::encode(signature),
        };
        let read = [
            pair(signed.provider_key.as_ref(), signed.provider_signature.as_ref()),
            pair(signed.tenant_key.as_ref(), signed.tenant_signature.as_ref()),
        ];
        assert_eq!(read[..], vector.signatures, "{}", vector.name);
    }
}

#[test]
fn a_canonical_instruction_is_written_back_byte_for_byte() {
    let mut canonical = 0;
    for vector in vectors().vectors {
        let data = data(&vector);
        if let Ok(signed) = CoSignedReceipt::from_instruction_data(&data) {
            assert_eq!(signed.ed25519_instruction().data, data, "{}", vector.name);
            assert_eq!(data.len(), ed25519::INSTRUCTION_BYTES);
            canonical += 1;
        }
    }
    assert!(canonical > 0, "no vector is canonical");
}

fn receipt(fields: &Fields) -> Receipt {
    let hash = |text: &str| {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).expect("32 bytes in hexadecimal");
        bytes
    };
    Receipt {
        genesis_hash: hash(&fields.genesis_hash),
        job: hash(&fields.job),
        sequence: fields.sequence.parse().expect("64 bits"),
        metered_ms: fields.metered_ms.parse().expect("64 bits"),
        time_ms: fields.time_ms.parse().expect("64 bits"),
        flags: fields.flags.parse().expect("64 bits"),
        samples_root: hash(&fields.samples_root),
    }
}
