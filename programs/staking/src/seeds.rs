//! Seeds of the program-derived addresses.
//!
//! The accounts of the instructions spell `POOL` and `VAULT` out as literals: only from literals does Anchor compute an address when it
//! compiles. Otherwise each instruction hashes the seeds again, at a few hundred compute units.

/// The pool: `["pool"]`.
pub const POOL: &[u8] = b"pool";
/// The pool's token account: `["vault"]`.
pub const VAULT: &[u8] = b"vault";
/// A provider's stake: `["stake", owner]`.
pub const STAKE: &[u8] = b"stake";
/// A wallet's part of a provider's stake: `["delegation", stake, delegator]`.
pub const DELEGATION: &[u8] = b"delegation";
