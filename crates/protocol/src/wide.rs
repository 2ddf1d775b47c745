//! 64×64-bit multiplication and 128/64-bit division without 128-bit arithmetic.
//!
//! SBPF has no 128-bit multiply or divide, and compiling `u128 * u128` for it ends in a library call that BPF cannot return.
//! The two halves of the product are therefore kept in two `u64`.

/// Low 32 bits of a word.
const LOW: u64 = 0xffff_ffff;

/// Products up to this are tried in one word.
const LARGEST_TRIED: u64 = u64::MAX - 1;

/// A 128-bit product as two words: `high × 2⁶⁴ + low`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wide {
    /// The less significant word.
    pub low: u64,
    /// The more significant word.
    pub high: u64,
}

/// `a × b`, exactly.
#[must_use]
#[allow(clippy::arithmetic_side_effects)] // The divisor is not zero.
pub const fn mul(a: u64, b: u64) -> Wide {
    // Most products fit one word, and to a program a division is as cheap as an addition. With `u64::MAX` itself the compiler
    // would recognise an overflow check and multiply in 128 bits.
    if b == 0 || a <= LARGEST_TRIED / b {
        return Wide {
            low: a.wrapping_mul(b),
            high: 0,
        };
    }
    let (a_low, a_high) = (a & LOW, a >> 32);
    let (b_low, b_high) = (b & LOW, b >> 32);
    // Each partial product of two 32-bit halves fits 64 bits, so none of these wraps.
    let low_low = a_low.wrapping_mul(b_low);
    let low_high = a_low.wrapping_mul(b_high);
    let high_low = a_high.wrapping_mul(b_low);
    let high_high = a_high.wrapping_mul(b_high);
    // Three summands below 2³² each: at most 3 × (2³² − 1).
    let middle = (low_low >> 32)
        .wrapping_add(low_high & LOW)
        .wrapping_add(high_low & LOW);
    Wide {
        low: (middle << 32) | (low_low & LOW),
        // The product's upper word is at most 2⁶⁴ − 2, so these sums stay in range.
        high: high_high
            .wrapping_add(low_high >> 32)
            .wrapping_add(high_low >> 32)
            .wrapping_add(middle >> 32),
    }
}

/// The quotient (rounded down) and remainder of `value / divisor`, or `None` when the quotient exceeds 64 bits or `divisor` is zero.
#[must_use]
pub const fn div(value: Wide, divisor: u64) -> Option<(u64, u64)> {
    // Also refuses a zero divisor, since no word is below zero.
    if value.high >= divisor {
        return None;
    }
    if value.high == 0 {
        return Some(div_word(value.low, divisor));
    }
    if divisor <= LOW {
        Some(div_short(value, divisor))
    } else {
        Some(div_long(value, divisor))
    }
}

/// One word. Requires `divisor > 0`.
#[allow(clippy::arithmetic_side_effects)]
const fn div_word(value: u64, divisor: u64) -> (u64, u64) {
    (value / divisor, value % divisor)
}

/// Schoolbook division in base 2³² by one digit. Requires `value.high < divisor ≤ 2³² − 1`.
#[allow(clippy::arithmetic_side_effects)] // The divisor is above `value.high`, hence not zero.
const fn div_short(value: Wide, divisor: u64) -> (u64, u64) {
    let upper = (value.high << 32) | (value.low >> 32);
    let lower = ((upper % divisor) << 32) | (value.low & LOW);
    // `upper / divisor` is below 2³² because `value.high` is below the divisor.
    (((upper / divisor) << 32) | (lower / divisor), lower % divisor)
}

/// Bitwise long division. Requires `value.high < divisor`.
const fn div_long(value: Wide, divisor: u64) -> (u64, u64) {
    let mut remainder = value.high;
    let mut quotient = 0u64;
    let mut bit = 64u32;
    while bit > 0 {
        bit = bit.wrapping_sub(1);
        let carry = remainder >> 63;
        remainder = (remainder << 1) | ((value.low >> bit) & 1);
        quotient <<= 1;
        if carry == 1 || remainder >= divisor {
            // With the carry the true remainder is 2⁶⁴ more; the wrapped difference is the right one and is below the divisor.
            remainder = remainder.wrapping_sub(divisor);
            quotient |= 1;
        }
    }
    (quotient, remainder)
}

/// `⌊a × b / divisor⌋`, or `None` when that exceeds 64 bits or `divisor` is zero. Rounds down.
#[must_use]
pub const fn mul_div_floor(a: u64, b: u64, divisor: u64) -> Option<u64> {
    match div(mul(a, b), divisor) {
        Some((quotient, _)) => Some(quotient),
        None => None,
    }
}

/// `⌈a × b / divisor⌉`, or `None` when that exceeds 64 bits or `divisor` is zero. Rounds up.
#[must_use]
pub const fn mul_div_ceil(a: u64, b: u64, divisor: u64) -> Option<u64> {
    match div(mul(a, b), divisor) {
        Some((quotient, 0)) => Some(quotient),
        Some((quotient, _)) => quotient.checked_add(1),
        None => None,
    }
}
