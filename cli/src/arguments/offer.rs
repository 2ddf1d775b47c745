//! Arguments of `gantry provider` and `gantry node`.

use clap::{Args, Subcommand};
use gantry_sdk::Pubkey;

use super::inspect::name;
use crate::{amount, period};

/// `gantry provider`.
#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// Show a provider's profile and its score
    Show {
        /// The provider's wallet; this one unless given
        #[arg(long, value_name = "WALLET")]
        owner: Option<Pubkey>,
    },
    /// Register this wallet as a provider; the agent does this by itself when it starts
    Register(ProviderProfileArguments),
    /// Change the profile; what is not given stays
    Update(ProviderUpdateArguments),
}

/// `gantry tenant`.
#[derive(Debug, Subcommand)]
pub(crate) enum TenantCommand {
    /// Show what jobs have shown of a wallet that rents, and its score
    Show {
        /// The wallet; this one unless given
        #[arg(long, value_name = "WALLET")]
        wallet: Option<Pubkey>,
    },
}

/// A whole profile.
#[derive(Args, Clone, Debug)]
pub(crate) struct ProviderProfileArguments {
    /// Where the agent answers, such as https://gpu.example.org:9701
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: String,

    /// Public key of the agent's attestation key
    #[arg(long, value_name = "PUBKEY")]
    pub(crate) attestation_key: Pubkey,

    /// SHA-256 of the agent's TLS public key (DER SubjectPublicKeyInfo), 64 hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = hash)]
    pub(crate) tls_key_hash: [u8; 32],
}

/// The parts of a profile to change.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct ProviderUpdateArguments {
    /// Where the agent answers, such as https://gpu.example.org:9701
    #[arg(long, value_name = "URL")]
    pub(crate) endpoint: Option<String>,

    /// Public key of the agent's attestation key
    #[arg(long, value_name = "PUBKEY")]
    pub(crate) attestation_key: Option<Pubkey>,

    /// SHA-256 of the agent's TLS public key (DER SubjectPublicKeyInfo), 64 hexadecimal digits
    #[arg(long, value_name = "HEX", value_parser = hash)]
    pub(crate) tls_key_hash: Option<[u8; 32]>,
}

/// `gantry node`.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// List a provider's nodes
    Ls {
        /// The provider's wallet; this one unless given
        #[arg(long, value_name = "WALLET")]
        owner: Option<Pubkey>,
    },
    /// Show one node
    Show {
        /// The node's address
        node: Pubkey,
    },
    /// Register this provider's next node, whose GPUs follow with `gantry device register`; the agent does this by itself when it starts
    Register(NodeRegisterArguments),
    /// Change how long a node may be rented and whether it takes new jobs; what is not given stays
    Update(NodeUpdateArguments),
    /// Set a node's price in a mint, or withdraw the offer with a price of 0
    Price(NodePriceArguments),
}

/// What a node is.
#[derive(Args, Clone, Debug)]
pub(crate) struct NodeRegisterArguments {
    /// GPU class, such as h100-sxm
    #[arg(long, value_name = "CLASS", value_parser = name)]
    pub(crate) class: String,

    /// Region, such as eu-central
    #[arg(long, value_name = "REGION", value_parser = name)]
    pub(crate) region: String,

    /// Memory of each GPU in MiB
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) memory_mib: u32,

    /// Shortest job
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = period::rentable)]
    pub(crate) min_duration: u32,

    /// Longest job
    #[arg(long, value_name = "DURATION", default_value = "1d", value_parser = period::rentable)]
    pub(crate) max_duration: u32,

    /// The GPUs are simulated: everything that shows the node says so
    #[arg(long)]
    pub(crate) simulated: bool,
}

/// What to change of a node.
#[derive(Args, Clone, Debug)]
pub(crate) struct NodeUpdateArguments {
    /// The node's address
    pub(crate) node: Pubkey,

    #[command(flatten)]
    pub(crate) change: NodeChange,
}

/// The parts of a node that can change.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub(crate) struct NodeChange {
    /// Shortest job
    #[arg(long, value_name = "DURATION", value_parser = period::rentable)]
    pub(crate) min_duration: Option<u32>,

    /// Longest job
    #[arg(long, value_name = "DURATION", value_parser = period::rentable)]
    pub(crate) max_duration: Option<u32>,

    /// Whether it takes new jobs
    #[arg(long, value_name = "true|false")]
    pub(crate) active: Option<bool>,
}

/// What a node shall cost.
#[derive(Args, Clone, Debug)]
pub(crate) struct NodePriceArguments {
    /// The node's address
    pub(crate) node: Pubkey,

    /// The token's mint
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) mint: Pubkey,

    /// Whole tokens per GPU-hour, such as 2.52; converted to micro-atoms per second and rounded down. 0 withdraws the offer
    #[arg(value_name = "TOKENS", allow_negative_numbers = true, value_parser = amount::written)]
    pub(crate) price: String,
}

/// Reads a SHA-256 in hexadecimal.
fn hash(text: &str) -> Result<[u8; 32], String> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| "a SHA-256 has 64 hexadecimal digits".to_owned())?;
    Ok(bytes)
}
