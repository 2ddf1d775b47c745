//! Seeds of the program-derived addresses.

/// The pool: `["pool"]`.
pub const POOL: &[u8] = b"pool";
/// The pool's token account: `["vault"]`.
pub const VAULT: &[u8] = b"vault";
/// A provider's stake: `["stake", owner]`.
pub const STAKE: &[u8] = b"stake";
