//! The formulas of docs/PROTOCOL.md, in 128 bits.

/// `⌊rate × metered_ms / 10⁹⌋`, when it fits 64 bits.
#[must_use]
pub fn owed(rate: u64, metered_ms: u64) -> Option<u64> {
    u64::try_from(u128::from(rate) * u128::from(metered_ms) / 1_000_000_000).ok()
}

/// `⌊amount × bps / 10 000⌋`.
///
/// # Panics
/// When the fraction is above the whole, and the amount so large that the part leaves 64 bits.
#[must_use]
pub fn part(amount: u64, bps: u16) -> u64 {
    u64::try_from(u128::from(amount) * u128::from(bps) / 10_000).expect("a part of it")
}

/// The longest metered time in milliseconds.
#[must_use]
pub fn longest_ms(max_duration_s: u32) -> u64 {
    u64::from(max_duration_s) * 1_000
}
