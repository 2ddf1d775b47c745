//! Units as types, so that seconds are not paid as atoms.

use crate::wide;

/// An amount in base units ("atoms") of one token mint: for USDC 10⁻⁶ dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Atoms(pub u64);

impl Atoms {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` when it exceeds 64 bits.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// The difference, or `None` when `other` is more than there is.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }
}

/// A price in micro-atoms per second: 10⁻⁶ base units per second, so that cheap hardware is not rounded to nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Rate(pub u64);

impl Rate {
    /// The rate of `gpus` GPUs at this rate each, or `None` when it exceeds 64 bits.
    #[must_use]
    pub const fn times(self, gpus: u16) -> Option<Self> {
        // A lossless widening; `u64::from` is not const.
        match self.0.checked_mul(gpus as u64) {
            Some(rate) => Some(Self(rate)),
            None => None,
        }
    }
}

/// A fraction in basis points (1/10 000).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Bps(u16);

impl Bps {
    /// The whole, 100 %.
    pub const ONE: u16 = 10_000;

    /// A fraction, or `None` above 100 %.
    #[must_use]
    pub const fn new(bps: u16) -> Option<Self> {
        if bps <= Self::ONE { Some(Self(bps)) } else { None }
    }

    /// The number of basis points, at most 10 000.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// `⌊amount × bps / 10 000⌋`. Rounds down; never exceeds `amount`.
    #[must_use]
    pub const fn of(self, amount: Atoms) -> Atoms {
        match wide::mul_div_floor(amount.0, self.0 as u64, Self::ONE as u64) {
            Some(part) => Atoms(part),
            // Unreachable: a fraction of at most one fits. Saturating keeps the function total.
            None => amount,
        }
    }
}

/// Cumulative metered use of a job in milliseconds since it started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Metered(pub u64);

impl Metered {
    /// The metered time of whole seconds.
    #[must_use]
    #[inline(always)]
    pub const fn of_seconds(seconds: u32) -> Self {
        // A product of 42 bits at most; `u64::from` is not const.
        Self((seconds as u64).wrapping_mul(1_000))
    }

    /// The metered time of whole seconds, or `None` when it exceeds 64 bits.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Option<Self> {
        match seconds.checked_mul(1_000) {
            Some(ms) => Some(Self(ms)),
            None => None,
        }
    }
}

/// Seconds since the Unix epoch, as `Clock::unix_timestamp` gives them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct UnixSeconds(pub i64);

impl UnixSeconds {
    /// This moment plus a period; saturates at the end of time, which no clock reaches.
    #[must_use]
    pub const fn after(self, seconds: u32) -> Self {
        Self(self.0.saturating_add(seconds as i64))
    }

    /// Whole seconds from `earlier` to this moment; zero when `earlier` lies ahead (a chain clock may step back).
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        if self.0 > earlier.0 {
            self.0.abs_diff(earlier.0)
        } else {
            0
        }
    }
}
