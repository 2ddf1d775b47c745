//! What metered time costs.
//!
//! Billing is path-independent: what is owed depends on the cumulative metered time alone, and a settlement pays what is owed
//! less what earlier settlements paid. One settlement or a thousand, at any moments, by anyone, move exactly the same atoms.

use crate::units::{Atoms, Bps, Metered, Rate};
use crate::wide;

/// Micro-atoms per atom times milliseconds per second.
pub const RATE_SCALE: u64 = 1_000_000_000;

/// `⌊rate × metered_ms / 10⁹⌋`, or `None` when that exceeds 64 bits. Rounds down: an escrow never overpays.
#[must_use]
pub const fn owed(rate: Rate, metered: Metered) -> Option<Atoms> {
    match wide::mul_div_floor(rate.0, metered.0, RATE_SCALE) {
        Some(atoms) => Some(Atoms(atoms)),
        None => None,
    }
}

/// The protocol's fee within `owed`: `⌊owed × fee / 10 000⌋`. Rounds down, in the provider's favour.
#[must_use]
pub const fn fee_of(owed: Atoms, fee: Bps) -> Atoms {
    fee.of(owed)
}

/// Splits a total into the provider's pay and the fee; the parts always add up to the total.
#[must_use]
pub const fn split(owed: Atoms, fee: Bps) -> (Atoms, Atoms) {
    let fee = fee_of(owed, fee);
    // `Bps::of` never exceeds its amount.
    (Atoms(owed.0.wrapping_sub(fee.0)), fee)
}

/// A whole bill, recomputed from nothing but the rate, the metered time, the fee and the escrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bill {
    /// What the metered time costs.
    pub owed: Atoms,
    /// The provider's part of it.
    pub paid: Atoms,
    /// The protocol's part of it.
    pub fee: Atoms,
    /// What goes back to the tenant.
    pub refund: Atoms,
}

impl Bill {
    /// The bill of a job, or `None` when the metered time costs more than the escrow holds, which no valid job can reach.
    #[must_use]
    pub const fn of(rate: Rate, metered: Metered, fee: Bps, escrow: Atoms) -> Option<Self> {
        let Some(owed) = owed(rate, metered) else { return None };
        let Some(refund) = escrow.checked_sub(owed) else {
            return None;
        };
        let (paid, fee) = split(owed, fee);
        Some(Self {
            owed,
            paid,
            fee,
            refund,
        })
    }
}
