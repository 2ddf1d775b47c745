//! The messages between tenant and agent, and how the session key signs requests. docs/PROTOCOL.md describes the exchange.

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use gantry_protocol::Receipt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use solana_keypair::Keypair;
use solana_pubkey::Pubkey;
use solana_signature::Signature;
use solana_signer::Signer;
use std::collections::BTreeMap;

use crate::receipt::CoSignedReceipt;

/// Domain tag and version of a signed request.
pub const REQUEST_DOMAIN: [u8; 16] = *b"gantry:request\0\x01";
/// Header: Unix time in milliseconds, decimal.
pub const HEADER_TIME: &str = "gantry-time";
/// Header: SHA-256 of the body in hexadecimal.
pub const HEADER_BODY: &str = "gantry-body";
/// Header: base58 signature by the session key.
pub const HEADER_SIGNATURE: &str = "gantry-signature";
/// How far a request's time may lie from the agent's clock.
pub const MAX_CLOCK_SKEW_MS: i64 = 30_000;
/// Longest wait that a tenant may ask for when polling for a receipt.
pub const MAX_RECEIPT_WAIT_MS: u64 = 30_000;

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// What a request's signature covers.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The job in the path.
    pub job: &'a Pubkey,
    /// Upper-case method.
    pub method: &'a str,
    /// Path and query, as sent.
    pub path_and_query: &'a str,
    /// Unix time in milliseconds.
    pub time_ms: i64,
    /// SHA-256 of the body.
    pub body_hash: &'a [u8; 32],
}

impl Request<'_> {
    /// The bytes that the session key signs.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        [
            &REQUEST_DOMAIN[..],
            self.job.as_ref(),
            &self.time_ms.to_le_bytes(),
            self.body_hash,
            self.method.as_bytes(),
            b" ",
            self.path_and_query.as_bytes(),
        ]
        .concat()
    }

    /// The three headers of this request.
    #[must_use]
    pub fn headers(&self, session_key: &Keypair) -> [(&'static str, String); 3] {
        [
            (HEADER_TIME, self.time_ms.to_string()),
            (HEADER_BODY, hex::encode(self.body_hash)),
            (
                HEADER_SIGNATURE,
                session_key.sign_message(&self.signed_bytes()).to_string(),
            ),
        ]
    }

    /// Whether `signature` is the session key's over this request.
    #[must_use]
    pub fn is_signed_by(&self, session_key: &Pubkey, signature: &Signature) -> bool {
        signature.verify(session_key.as_ref(), &self.signed_bytes())
    }
}

/// What to run: body of `POST …/start`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartRequest {
    /// Program and arguments; a program with a slash is looked up in the bundle.
    pub command: Vec<String>,
    /// Environment beyond what the agent sets.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
}

/// How far a job has come on the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Open on chain; bundle or command are still missing.
    Waiting,
    /// Being started on chain.
    Starting,
    /// The workload runs and is metered.
    Running,
    /// The workload has ended; the final receipt is made or waits for the tenant's signature.
    Ended,
    /// Closed on chain.
    Closed,
}

/// How a workload ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// Exit code, when it ended by itself.
    pub code: Option<i32>,
    /// Signal that ended it.
    pub signal: Option<i32>,
    /// Why the agent ended it, in words.
    pub reason: Option<String>,
}

/// Body of `GET /v1/jobs/{job}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStatus {
    /// How far it has come.
    pub phase: Phase,
    /// How the workload ended, once it has.
    pub exit: Option<Exit>,
    /// Metered milliseconds so far.
    pub metered_ms: u64,
    /// Newest sequence that the provider has signed.
    pub sequence: u64,
    /// Newest sequence that the tenant has signed too.
    pub countersigned: u64,
    /// Bytes of log so far.
    pub log_bytes: u64,
    /// Whether the GPUs are simulated.
    pub simulated: bool,
}

/// One line of `GET …/logs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum LogRecord {
    /// What the workload wrote to its standard output and error, from byte `offset` of its log.
    Output {
        /// Position of the first byte.
        offset: u64,
        /// The bytes, Base64.
        data: String,
    },
    /// The workload has ended; nothing follows.
    End {
        /// How.
        exit: Exit,
    },
}

/// A receipt with the provider's signature: body of `GET …/receipts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedReceipt {
    /// The 144 bytes, Base64.
    pub receipt: String,
    /// Base58 signature by the attestation key.
    pub provider_signature: String,
}

/// The tenant's signature of a receipt: body of `POST …/receipts`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersignature {
    /// The 144 bytes, Base64: exactly those that the provider signed.
    pub receipt: String,
    /// Base58 signature by the session key.
    pub tenant_signature: String,
}

/// Why a receipt on the wire was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not Base64.
    #[error("the receipt is not Base64")]
    Base64,
    /// Not a receipt.
    #[error(transparent)]
    Malformed(#[from] gantry_protocol::receipt::Malformed),
    /// Not a signature.
    #[error("the signature is not 64 bytes in base58")]
    Signature,
}

fn read_receipt(text: &str) -> Result<Receipt, WireError> {
    Ok(Receipt::from_bytes(
        &BASE64.decode(text).map_err(|_| WireError::Base64)?,
    )?)
}

impl SignedReceipt {
    /// For the wire.
    #[must_use]
    pub fn new(receipt: &Receipt, provider_signature: &Signature) -> Self {
        Self {
            receipt: BASE64.encode(receipt.to_bytes()),
            provider_signature: provider_signature.to_string(),
        }
    }

    /// From the wire; the signature is not checked.
    ///
    /// # Errors
    /// [`WireError`] when a field is not of its form.
    pub fn read(&self) -> Result<(Receipt, Signature), WireError> {
        let signature = self.provider_signature.parse().map_err(|_| WireError::Signature)?;
        Ok((read_receipt(&self.receipt)?, signature))
    }
}

impl Countersignature {
    /// For the wire.
    #[must_use]
    pub fn new(signed: &CoSignedReceipt) -> Self {
        Self {
            receipt: BASE64.encode(signed.receipt.to_bytes()),
            tenant_signature: signed.tenant_signature.to_string(),
        }
    }

    /// From the wire; the signature is not checked.
    ///
    /// # Errors
    /// [`WireError`] when a field is not of its form.
    pub fn read(&self) -> Result<(Receipt, Signature), WireError> {
        let signature = self.tenant_signature.parse().map_err(|_| WireError::Signature)?;
        Ok((read_receipt(&self.receipt)?, signature))
    }
}

/// An RFC 9457 problem document: every error of agent and indexer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Short and the same for every occurrence.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time and what to do.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signed_request_is_bound_to_every_part_of_it() {
        let (key, job, body) = (Keypair::new(), Pubkey::new_from_array([7; 32]), sha256(b"body"));
        let request = Request {
            job: &job,
            method: "POST",
            path_and_query: "/v1/a?b=1",
            time_ms: 5,
            body_hash: &body,
        };
        let signature: Signature = request.headers(&key)[2].1.parse().expect("a signature");
        assert!(request.is_signed_by(&key.pubkey(), &signature));

        let (other_job, other_body) = (Pubkey::new_from_array([8; 32]), sha256(b""));
        for changed in [
            Request {
                job: &other_job,
                ..request
            },
            Request {
                method: "PUT",
                ..request
            },
            Request {
                path_and_query: "/v1/a?b=2",
                ..request
            },
            Request { time_ms: 6, ..request },
            Request {
                body_hash: &other_body,
                ..request
            },
        ] {
            assert!(!changed.is_signed_by(&key.pubkey(), &signature), "{changed:?}");
        }
    }
}
