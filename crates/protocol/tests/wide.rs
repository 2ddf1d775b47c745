//! Wide multiplication and division, compared with 128-bit and big-integer arithmetic, which programs do not have.

use gantry_protocol::wide::{Wide, div, mul, mul_div_ceil, mul_div_floor};
use num_bigint::BigUint;
use proptest::prelude::*;

/// Words around every boundary that the arithmetic knows.
const EDGES: [u64; 16] = [
    0,
    1,
    2,
    3,
    9_999,
    10_000,
    1_000_000_000,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    1 << 32,
    (1 << 32) + 1,
    (1 << 63) - 1,
    1 << 63,
    u64::MAX - 1,
    u64::MAX,
];

/// Words of every length, and the edges more often than chance would have them.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        prop::sample::select(EDGES.as_slice()),
        (0..64u32, any::<u64>()).prop_map(|(shift, word)| word >> shift),
    ]
}

fn joined(value: Wide) -> u128 {
    u128::from(value.high) << 64 | u128::from(value.low)
}

fn check_mul(a: u64, b: u64) {
    assert_eq!(joined(mul(a, b)), u128::from(a) * u128::from(b), "{a} × {b}");
}

fn check_div(value: Wide, divisor: u64) {
    let expected = joined(value)
        .checked_div(divisor.into())
        .and_then(|quotient| u64::try_from(quotient).ok())
        .map(|quotient| {
            let remainder = joined(value) % u128::from(divisor);
            (quotient, u64::try_from(remainder).expect("below a 64-bit divisor"))
        });
    assert_eq!(div(value, divisor), expected, "{value:?} / {divisor}");
}

fn check_mul_div(a: u64, b: u64, divisor: u64) {
    let (floor, ceil) = if divisor == 0 {
        (None, None)
    } else {
        let (product, divisor) = (BigUint::from(a) * b, BigUint::from(divisor));
        let above = (&product + &divisor - 1u8) / &divisor;
        (u64::try_from(product / divisor).ok(), u64::try_from(above).ok())
    };
    assert_eq!(mul_div_floor(a, b, divisor), floor, "⌊{a} × {b} / {divisor}⌋");
    assert_eq!(mul_div_ceil(a, b, divisor), ceil, "⌈{a} × {b} / {divisor}⌉");
}

#[test]
fn every_combination_of_edges_is_right() {
    for a in EDGES {
        for b in EDGES {
            check_mul(a, b);
            for divisor in EDGES {
                check_div(Wide { low: a, high: b }, divisor);
                check_mul_div(a, b, divisor);
            }
        }
    }
}

#[test]
fn a_quotient_that_fits_only_when_rounded_down_has_no_ceiling() {
    // 31 × 1190112520884487201 = 2 × (2⁶⁴ − 1) + 1.
    assert_eq!(mul_div_floor(31, 1_190_112_520_884_487_201, 2), Some(u64::MAX));
    assert_eq!(mul_div_ceil(31, 1_190_112_520_884_487_201, 2), None);
    assert_eq!(mul_div_ceil(u64::MAX, 2, 2), Some(u64::MAX));
    // (2⁶⁴ − 1)² / (2⁶⁴ − 2) is 2⁶⁴ and a little.
    assert_eq!(mul_div_floor(u64::MAX, u64::MAX, u64::MAX - 1), None);
    assert_eq!(mul_div_floor(u64::MAX, u64::MAX, u64::MAX), Some(u64::MAX));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_product_is_the_product_of_128_bit_words(a in word(), b in word()) {
        check_mul(a, b);
    }

    #[test]
    fn quotient_and_remainder_are_those_of_128_bit_words(low in word(), high in word(), divisor in word()) {
        check_div(Wide { low, high }, divisor);
        // A high word below the divisor is the only one with a quotient, and rare by chance.
        if divisor > 0 {
            check_div(Wide { low, high: high % divisor }, divisor);
        }
    }

    #[test]
    fn fractions_are_rounded_down_and_up_like_big_integers(a in word(), b in word(), divisor in word()) {
        check_mul_div(a, b, divisor);
        // With a factor as the divisor the result always fits, exactly.
        if b > 0 {
            prop_assert_eq!(mul_div_floor(a, b, b), Some(a));
            prop_assert_eq!(mul_div_ceil(a, b, b), Some(a));
        }
    }

    #[test]
    fn just_above_a_multiple_the_ceiling_is_one_more(quotient in 0..u64::MAX, divisor in 2..u64::MAX) {
        let product = u128::from(quotient) * u128::from(divisor) + 1;
        let value = Wide {
            low: u64::try_from(product & u128::from(u64::MAX)).expect("masked"),
            high: u64::try_from(product >> 64).expect("the upper half"),
        };
        prop_assert_eq!(div(value, divisor), Some((quotient, 1)));
    }
}
