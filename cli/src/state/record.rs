//! The files' content.

use std::{collections::BTreeMap, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use gantry_protocol::Receipt;
use gantry_sdk::{Keypair, Pubkey, receipt::CoSignedReceipt, wire::Exit};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

/// A session key's pair, written as base58 of its 64 bytes.
#[derive(Debug)]
pub(crate) struct SessionKey(pub(crate) Keypair);

impl Clone for SessionKey {
    fn clone(&self) -> Self {
        Self(self.0.insecure_clone())
    }
}

impl Serialize for SessionKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_base58_string())
    }
}

impl<'de> Deserialize<'de> for SessionKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = bs58::decode(text).into_vec().map_err(D::Error::custom)?;
        Keypair::try_from(bytes.as_slice()).map(Self).map_err(D::Error::custom)
    }
}

/// Everything that is needed to go on with a job after the process died.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The job's account.
    #[serde(with = "base58")]
    pub(crate) job: Pubkey,
    /// The wallet that pays.
    #[serde(with = "base58")]
    pub(crate) tenant: Pubkey,
    /// The node.
    #[serde(with = "base58")]
    pub(crate) node: Pubkey,
    /// The provider's wallet.
    #[serde(with = "base58")]
    pub(crate) provider: Pubkey,
    /// The mint that it is paid in.
    #[serde(with = "base58")]
    pub(crate) mint: Pubkey,
    /// Co-signs receipts and signs requests.
    pub(crate) session_key: SessionKey,
    /// Program and arguments.
    pub(crate) command: Vec<String>,
    /// Environment beyond what the agent sets.
    pub(crate) environment: BTreeMap<String, String>,
    /// Whether there is a bundle beside this record.
    pub(crate) has_bundle: bool,
    /// Where the results go.
    pub(crate) out: Option<PathBuf>,
    /// Unix milliseconds of this record's making, just before the opening.
    pub(crate) created_at_ms: i64,
    /// Unix milliseconds just before the start was first asked for: no honest receipt can claim time from before.
    pub(crate) start_requested_at_ms: Option<i64>,
    /// Milliseconds from that start to the workload's end as this machine saw it: later time is not paid for, not even to an agent
    /// that asks again after our restart.
    #[serde(default)]
    pub(crate) ended_ms: Option<u64>,
    /// How the workload ended, once known.
    pub(crate) exit: Option<Exit>,
    /// Whether the results were fetched.
    pub(crate) results_fetched: bool,
    /// The order that the job is to come from; the node is not known before a bid is accepted.
    #[serde(default, with = "base58_if_any")]
    pub(crate) order: Option<Pubkey>,
    /// How to go on when the node is lost; none when that is not wanted.
    #[serde(default)]
    pub(crate) failover: Option<Elsewhere>,
    /// The job that this one goes on for.
    #[serde(default)]
    pub(crate) predecessor: Option<Written>,
    /// The job that goes on for this one, or is about to.
    #[serde(default)]
    pub(crate) successor: Option<Successor>,
}

/// Which other nodes will do when one is lost, beyond what the chain asks of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Elsewhere {
    /// Region.
    pub(crate) region: Option<String>,
    /// Whether simulated GPUs will do.
    pub(crate) allow_simulated: bool,
    /// How often the work may still move.
    pub(crate) moves_left: u8,
}

/// An address as people know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written(#[serde(with = "base58")] pub(crate) Pubkey);

impl From<Pubkey> for Written {
    fn from(address: Pubkey) -> Self {
        Self(address)
    }
}

/// A job that goes on for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Successor {
    /// Its number among the tenant's jobs.
    pub(crate) nonce: u64,
    /// Its account.
    #[serde(with = "base58")]
    pub(crate) job: Pubkey,
}

/// A record like any other.
#[cfg(test)]
pub(crate) fn record_for_tests(created_at_ms: i64) -> Record {
    Record {
        job: Pubkey::new_from_array([9; 32]),
        tenant: Pubkey::new_from_array([1; 32]),
        node: Pubkey::new_from_array([2; 32]),
        provider: Pubkey::new_from_array([3; 32]),
        mint: Pubkey::new_from_array([4; 32]),
        session_key: SessionKey(Keypair::new()),
        command: vec!["./render".into()],
        environment: BTreeMap::new(),
        has_bundle: false,
        out: None,
        created_at_ms,
        start_requested_at_ms: None,
        ended_ms: None,
        exit: None,
        results_fetched: false,
        order: None,
        failover: None,
        predecessor: None,
        successor: None,
    }
}

/// A receipt that both sides signed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StoredReceipt {
    receipt: String,
    #[serde(with = "base58")]
    provider_key: Pubkey,
    provider_signature: String,
    #[serde(with = "base58")]
    tenant_key: Pubkey,
    tenant_signature: String,
}

impl StoredReceipt {
    pub(crate) fn new(signed: &CoSignedReceipt) -> Self {
        Self {
            receipt: BASE64.encode(signed.receipt.to_bytes()),
            provider_key: signed.provider_key,
            provider_signature: signed.provider_signature.to_string(),
            tenant_key: signed.tenant_key,
            tenant_signature: signed.tenant_signature.to_string(),
        }
    }

    /// The receipt, when both signatures still fit: a damaged file is not worth sending.
    pub(crate) fn read(&self) -> Option<CoSignedReceipt> {
        let signed = CoSignedReceipt {
            receipt: Receipt::from_bytes(&BASE64.decode(&self.receipt).ok()?).ok()?,
            provider_key: self.provider_key,
            provider_signature: self.provider_signature.parse().ok()?,
            tenant_key: self.tenant_key,
            tenant_signature: self.tenant_signature.parse().ok()?,
        };
        signed.verify().ok().map(|()| signed)
    }
}

/// Addresses as people know them.
mod base58 {
    use super::{Deserialize as _, Deserializer, Pubkey, Serializer};
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(address: &Pubkey, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(address)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Pubkey, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The same where there may be none.
mod base58_if_any {
    use super::{Deserialize as _, Deserializer, Pubkey, Serialize as _, Serializer};
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(address: &Option<Pubkey>, serializer: S) -> Result<S::Ok, S::Error> {
        address.map(|address| address.to_string()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Pubkey>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}
