//! Everything off chain that knows Gantry's programs: addresses, instructions, accounts, events, receipts, the RPC client, and the
//! messages between tenant and agent.
//!
//! Purpose: indexer, agent, CLI, sandbox and tests stand on this crate; none of them reads a program's bytes itself.
//!
//! Invariant: whatever is decoded here re-encodes to the same bytes; what cannot be decoded is an error that keeps its bytes.
#![warn(missing_docs)]
#![deny(clippy::unwrap_used)]

pub mod account;
pub mod address;
pub mod client;
pub mod error;
pub mod event;
pub mod history;
pub mod instruction;
pub mod receipt;
pub mod samples;

pub mod verify;
pub mod wire;

pub use gantry_protocol as protocol;
pub use market;
pub use solana_keypair::Keypair;
pub use solana_program::instruction::{AccountMeta, Instruction};
pub use solana_pubkey::Pubkey;
pub use solana_signature::Signature;
pub use solana_signer::Signer;
pub use staking;
