//! What registration can change, one thing at a time.

use gantry_sdk::Pubkey;
use std::fmt;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Lamports for the hot key's fees.
    FundHotKey {
        /// How many.
        lamports: u64,
    },
    /// The provider's account.
    RegisterProvider,
    /// Its profile.
    UpdateProvider {
        /// Whether the attestation key changes.
        rotates: bool,
    },
    /// A balance for earnings.
    OpenBalance {
        /// In this mint.
        mint: Pubkey,
    },
    /// The stake's account.
    OpenStake,
    /// More stake.
    DepositStake {
        /// How much more.
        amount: u64,
    },
    /// A node.
    RegisterNode {
        /// Its number.
        id: u16,
    },
    /// Durations and readiness.
    UpdateNode {
        /// The node's number.
        id: u16,
    },
    /// Takes a node off the market that this agent does not serve.
    RetireNode {
        /// The node's number.
        id: u16,
        /// Unchanged.
        min_duration_s: u32,
        /// Unchanged.
        max_duration_s: u32,
    },
    /// A price; zero withdraws the offer.
    SetPrice {
        /// The node's number.
        id: u16,
        /// In this mint.
        mint: Pubkey,
        /// Micro-atoms per second and GPU.
        rate: u64,
    },
    /// A GPU of the node.
    RegisterDevice {
        /// The node's number.
        id: u16,
        /// What tells the GPU from every other.
        identity: [u8; 32],
    },
    /// A GPU that another node of the provider had.
    MoveDevice {
        /// What tells the GPU from every other.
        identity: [u8; 32],
        /// That node's number.
        from: u16,
        /// The number of the node that has it now.
        to: u16,
    },
    /// Takes a GPU off the network that is no longer here.
    RetireDevice {
        /// The number of the node that had it.
        id: u16,
        /// What tells the GPU from every other.
        identity: [u8; 32],
    },
    /// Lets a living job accept this agent's key.
    RekeyJob {
        /// The job.
        job: Pubkey,
    },
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FundHotKey { lamports } => write!(f, "funding the attestation key with {lamports} lamports for fees"),
            Self::RegisterProvider => write!(f, "registering the provider"),
            Self::UpdateProvider { rotates: true } => write!(f, "making this agent's attestation key the provider's"),
            Self::UpdateProvider { rotates: false } => write!(f, "changing the provider's endpoint or TLS key"),
            Self::OpenBalance { mint } => write!(f, "opening a balance in mint {mint}"),
            Self::OpenStake => write!(f, "opening the provider's stake"),
            Self::DepositStake { amount } => write!(f, "bonding {amount} base units of stake"),
            Self::RegisterNode { id } => write!(f, "registering node {id}"),
            Self::UpdateNode { id } => write!(f, "changing the durations or readiness of node {id}"),
            Self::RetireNode { id, .. } => write!(f, "taking node {id}, which is other hardware, off the market"),
            Self::SetPrice { id, mint, rate: 0 } => write!(f, "withdrawing the offer of node {id} in mint {mint}"),
            Self::SetPrice { id, mint, rate } => {
                write!(
                    f,
                    "pricing node {id} at {rate} micro-atoms per second and GPU in mint {mint}"
                )
            }
            Self::RegisterDevice { id, identity } => write!(f, "registering GPU {} for node {id}", short(identity)),
            Self::MoveDevice { identity, from, to } => {
                write!(f, "moving GPU {} from node {from} to node {to}", short(identity))
            }
            Self::RetireDevice { id, identity } => {
                write!(
                    f,
                    "retiring GPU {} of node {id}, which is no longer here",
                    short(identity)
                )
            }
            Self::RekeyJob { job } => write!(f, "taking over job {job} with this agent's attestation key"),
        }
    }
}

/// The beginning of an identity, for people.
pub(super) fn short(identity: &[u8; 32]) -> String {
    hex::encode(&identity[..4])
}
