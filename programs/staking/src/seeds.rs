//! Seeds of the program-derived addresses.
//!
//! The accounts of the instructions spell `POOL` and `VAULT` out as literals, because Anchor computes an address when it compiles only if
//! all its seeds are literals; otherwise each instruction searches for it, at 1,500 compute units a step.

/// The pool: `["pool"]`.
pub const POOL: &[u8] = b"pool";
/// The pool's token account: `["vault"]`.
pub const VAULT: &[u8] = b"vault";
/// A provider's stake: `["stake", owner]`.
pub const STAKE: &[u8] = b"stake";
