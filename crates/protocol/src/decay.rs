//! Exponential decay in fixed point: what is left of a number after some seconds, at a stated half-life.
//!
//! `of(value, t) = ⌊value × 2^(−t/H)⌋` with `H` = [`HALF_LIFE_S`], but for the error of the factor. Let `exact = value × 2^(−t/H)`. Then
//!
//! ```text
//! exact × (1 − 2⁻⁵⁹) − 1  <  of(value, t)  ≤  exact
//! ```
//!
//! Never above: a number that decays lazily is never worth more than one that decayed all the time. Whoever decays it in `n` steps instead
//! of one loses at most another unit per step (and 2⁻⁵⁹ of the value): `exact × (1 − n × 2⁻⁵⁹) − n < result ≤ exact`.
//!
//! Compiled for the chain without 128-bit multiplication; the tables are computed by the compiler from one constant.

use crate::wide;

/// Seconds after which half is left: 30 days. What was done last month counts half of what is done now, so that a score says what somebody
/// is like at present; and a week off, for repairs, costs a seventh of it (2^(−7/30) = 0.85), so that nobody must be there every day to keep it.
pub const HALF_LIFE_S: u32 = 2_592_000;

/// One, as a fraction of 2⁶³.
const ONE: u64 = 1 << 63;
/// `⌊2^(−1/HALF_LIFE_S) × 2¹²⁷⌋`: what is left after one second.
const ROOT: u128 = 0x7fff_fdc1_b97a_53a6_8fc3_7df8_6a5d_4ae0;
/// Seconds per entry of the middle and the coarse table, as powers of two.
const FINE_BITS: u32 = 7;
const MIDDLE_BITS: u32 = 14;
/// Entries of a table that seven bits index.
const ENTRIES: usize = 1 << FINE_BITS;
/// Entries that a half-life needs of the coarse table.
const COARSE_ENTRIES: usize = (HALF_LIFE_S >> MIDDLE_BITS) as usize + 1;

/// `⌊2^(−k/H) × 2⁶³⌋` for k seconds, k × 2⁷ seconds, and k × 2¹⁴ seconds.
static FINE: [u64; ENTRIES] = powers(ROOT);
static MIDDLE: [u64; ENTRIES] = powers(raised(ROOT, FINE_BITS));
static COARSE: [u64; COARSE_ENTRIES] = powers(raised(ROOT, MIDDLE_BITS));

/// What is left after some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decay {
    /// Whole half-lives.
    halvings: u32,
    /// What the rest of the time leaves, as a fraction of 2⁶³.
    factor: u64,
}

impl Decay {
    /// After this many seconds.
    #[must_use]
    #[allow(clippy::arithmetic_side_effects)] // The divisor is a constant above zero.
    pub fn over(elapsed_s: u64) -> Self {
        const HALF_LIFE: u64 = HALF_LIFE_S as u64;
        let halvings = u32::try_from(elapsed_s / HALF_LIFE).unwrap_or(u32::MAX);
        let rest = u32::try_from(elapsed_s % HALF_LIFE).unwrap_or(0);
        const LOW: u32 = (1 << FINE_BITS) - 1;
        let [fine, middle] = [rest & LOW, (rest >> FINE_BITS) & LOW].map(|place| place as usize);
        let coarse = (rest >> MIDDLE_BITS) as usize;
        Self {
            halvings,
            factor: times(times(COARSE[coarse], MIDDLE[middle]), FINE[fine]),
        }
    }

    /// What is left of `value`. Rounds down.
    #[must_use]
    pub const fn of(self, value: u64) -> u64 {
        if self.halvings >= u64::BITS {
            return 0;
        }
        times(value, self.factor) >> self.halvings
    }
}

/// `⌊a × fraction / 2⁶³⌋`. Rounds down; requires `fraction ≤ 2⁶³`, so that the result fits.
const fn times(a: u64, fraction: u64) -> u64 {
    if fraction == ONE {
        return a;
    }
    let product = wide::mul(a, fraction);
    (product.high << 1) | (product.low >> 63)
}

// What follows runs in the compiler alone.

/// `step` to the powers 0, 1, 2, … as fractions of 2⁶³, each rounded down.
#[allow(clippy::arithmetic_side_effects, clippy::cast_possible_truncation)] // The shift leaves 64 bits.
const fn powers<const N: usize>(step: u128) -> [u64; N] {
    let mut table = [0; N];
    let mut power = 1u128 << 127;
    let mut place = 0;
    while place < N {
        table[place] = (power >> 64) as u64;
        power = product(power, step);
        place += 1;
    }
    table
}

/// `fraction` to the power of `2^squarings`.
#[allow(clippy::arithmetic_side_effects)]
const fn raised(fraction: u128, squarings: u32) -> u128 {
    let mut power = fraction;
    let mut done = 0;
    while done < squarings {
        power = product(power, power);
        done += 1;
    }
    power
}

/// The product of two fractions of 2¹²⁷, rounded down. Requires both to be at most 2¹²⁷: then no partial sum leaves 128 bits.
#[allow(clippy::arithmetic_side_effects)]
const fn product(a: u128, b: u128) -> u128 {
    const LOW: u128 = u64::MAX as u128;
    let (low, high) = ((a & LOW) * (b & LOW), (a >> 64) * (b >> 64));
    let (cross, other) = ((a >> 64) * (b & LOW), (a & LOW) * (b >> 64));
    let middle = (low >> 64) + (cross & LOW) + (other & LOW);
    let upper = high + (cross >> 64) + (other >> 64) + (middle >> 64);
    (upper << 1) | ((middle & LOW) >> 63)
}
