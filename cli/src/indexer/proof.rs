//! The evidence for a job's bill, as the indexer serves it.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use gantry_sdk::{
    Pubkey, Signature,
    protocol::{Receipt, receipt::Malformed},
    receipt::CoSignedReceipt,
};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{Answer, Indexer, Number, text};
use crate::failure::Failure;

/// Terms, totals and payments of a job.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Proof {
    /// The job's account.
    pub(crate) job: Job,
    /// What the program logged about it, payments apart.
    pub(crate) events: Vec<LoggedEvent>,
    /// Payments with their receipts, oldest first.
    pub(crate) settlements: Vec<Settlement>,
    /// Whether these are all.
    settlements_complete: bool,
}

/// A job's account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Job {
    /// Where it stands.
    pub(crate) state: String,
    /// Genesis hash of the cluster.
    #[serde(deserialize_with = "text::deserialize")]
    pub(crate) genesis_hash: Pubkey,
    /// Micro-atoms per second for all GPUs.
    pub(crate) rate: Number,
    /// The protocol's part.
    pub(crate) fee_bps: u16,
    /// What was set aside.
    pub(crate) escrow: Number,
    /// Sequence of the last settled receipt.
    pub(crate) sequence: Number,
    /// Metered milliseconds of the last settled receipt.
    pub(crate) metered_ms: Number,
    /// What the metered time costs.
    pub(crate) owed: Number,
    /// The provider's part.
    pub(crate) paid: Number,
    /// The protocol's part.
    pub(crate) fee: Number,
    /// What went back at the end.
    pub(crate) refund: Number,
}

/// An event as it was logged.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct LoggedEvent {
    /// The logged bytes.
    #[serde(deserialize_with = "base64")]
    pub(crate) payload: Vec<u8>,
}

/// A payment.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Settlement {
    /// The transaction.
    #[serde(deserialize_with = "text::deserialize")]
    pub(crate) signature: Signature,
    /// Paid to the provider by it.
    pub(crate) paid_now: Number,
    /// Paid to the provider so far.
    pub(crate) paid: Number,
    /// Kept as fee so far.
    pub(crate) fee: Number,
    /// What both sides signed.
    pub(crate) receipt: SignedReceipt,
}

/// A receipt with both signatures, none of them checked.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct SignedReceipt {
    #[serde(deserialize_with = "base64")]
    bytes: Vec<u8>,
    #[serde(deserialize_with = "text::deserialize")]
    provider_key: Pubkey,
    #[serde(deserialize_with = "text::deserialize")]
    provider_signature: Signature,
    #[serde(deserialize_with = "text::deserialize")]
    tenant_key: Pubkey,
    #[serde(deserialize_with = "text::deserialize")]
    tenant_signature: Signature,
}

impl SignedReceipt {
    /// The receipt that the bytes hold; the signatures are not checked.
    pub(crate) fn read(&self) -> Result<CoSignedReceipt, Malformed> {
        Ok(CoSignedReceipt {
            receipt: Receipt::from_bytes(&self.bytes)?,
            provider_key: self.provider_key,
            provider_signature: self.provider_signature,
            tenant_key: self.tenant_key,
            tenant_signature: self.tenant_signature,
        })
    }
}

impl Indexer {
    /// The whole evidence for a job's bill; `None` while the indexer has not seen the job.
    pub(crate) async fn proof(&self, job: &Pubkey) -> Result<Option<Answer<Proof>>, Failure> {
        let Some(mut answer) = self.find::<Proof>(&format!("/v1/jobs/{job}/proof"), &[]).await? else {
            return Ok(None);
        };
        if !answer.data.settlements_complete {
            answer.data.settlements = self
                .rows(&format!("/v1/jobs/{job}/settlements"), &[], usize::MAX)
                .await?;
        }
        Ok(Some(answer))
    }
}

fn base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    BASE64
        .decode(String::deserialize(deserializer)?)
        .map_err(D::Error::custom)
}
