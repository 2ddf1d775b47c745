//! What becomes of fees: which shard collects them, and how a sweep divides them.

use crate::{
    limits::FEE_SHARDS,
    units::{Atoms, Bps},
};

/// Number of the shard that collects the fee of the job at this address, below [`FEE_SHARDS`].
///
/// An address is a hash, so its first byte spreads jobs evenly. A tenant that tries nonces can choose the shard; it gains nothing by it.
#[must_use]
pub const fn shard_of(job: &[u8; 32]) -> u8 {
    const { assert!(FEE_SHARDS.is_power_of_two(), "every shard is as likely as the others") };
    job[0] % FEE_SHARDS
}

/// How a sweep divides fees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Destroyed.
    pub burned: Atoms,
    /// Goes to the treasury.
    pub to_treasury: Atoms,
}

impl Sweep {
    /// Divides `amount`: the part `burn` of it is destroyed, rounded down; the treasury gets the rest, so that nothing is left over.
    #[must_use]
    pub const fn of(amount: Atoms, burn: Bps) -> Self {
        let burned = burn.of(amount);
        match amount.checked_sub(burned) {
            Some(to_treasury) => Self { burned, to_treasury },
            // Unreachable: a part of an amount never exceeds it. This keeps the function total, and nothing is made of nothing.
            None => Self {
                burned: amount,
                to_treasury: Atoms::ZERO,
            },
        }
    }
}
