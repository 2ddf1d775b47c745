//! Decay, compared with big-integer arithmetic, and how little the number of its steps matters.

use gantry_protocol::decay::{Decay, HALF_LIFE_S};
use num_bigint::BigUint;
use proptest::prelude::*;

/// Bits behind the point of the reference.
const BITS: u32 = 256;

/// `2^(−t/H)` as a fraction of 2²⁵⁶, by the series of the exponential function; wrong by less than 2⁻²⁴⁰.
fn reference(elapsed_s: u64) -> BigUint {
    let one = BigUint::from(1u8) << BITS;
    let ln_2: BigUint = (1..=BITS).map(|k| (&one >> k) / k).sum();
    let half_life = u64::from(HALF_LIFE_S);
    let exponent = ln_2 * (elapsed_s % half_life) / half_life;
    let (mut term, mut even, mut odd) = (one.clone(), one, BigUint::from(0u8));
    for k in 1..80u32 {
        term = (term * &exponent >> BITS) / k;
        *(if k % 2 == 0 { &mut even } else { &mut odd }) += &term;
    }
    (even - odd) >> usize::try_from(elapsed_s / half_life).unwrap()
}

fn left_of(value: u64, elapsed_s: u64) -> u64 {
    Decay::over(elapsed_s).of(value)
}

/// Whether `actual` lies within the stated bound below `value × 2^(−t/H)`, after so many steps.
fn is_within(actual: u64, value: u64, elapsed_s: u64, steps: u64) -> bool {
    let exact = reference(elapsed_s) * value;
    let scaled = BigUint::from(actual) << BITS;
    // The reference's own error, times the value.
    let slack = BigUint::from(1u8) << 80u32;
    let lowest = (&exact * ((1u64 << 59) - steps)) >> 59u32;
    scaled <= &exact + &slack && scaled + (BigUint::from(steps) << BITS) + slack >= lowest
}

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(1),
        Just(u64::MAX),
        (0..64u32, any::<u64>()).prop_map(|(shift, word)| word >> shift)
    ]
}

fn period() -> impl Strategy<Value = u64> {
    let half_life = u64::from(HALF_LIFE_S);
    prop_oneof![
        0..3 * half_life,
        0..70 * half_life,
        0..200u64,
        half_life - 2..half_life + 2
    ]
}

proptest! {
    #[test]
    fn what_is_left_is_the_exact_value_but_for_the_stated_error(value in word(), elapsed_s in period()) {
        prop_assert!(is_within(left_of(value, elapsed_s), value, elapsed_s, 1));
    }

    #[test]
    fn many_steps_leave_what_one_leaves_but_for_a_unit_each(value in word(), steps in prop::collection::vec(0..500_000u64, 1..40)) {
        let at_once = left_of(value, steps.iter().sum());
        let stepwise = steps.iter().fold(value, |value, step| left_of(value, *step));
        prop_assert!(is_within(stepwise, value, steps.iter().sum(), steps.len() as u64));
        prop_assert!(stepwise <= at_once + 1 + (at_once >> 58));
    }

    #[test]
    fn what_is_more_stays_as_much_or_more(value in word(), other in word(), elapsed_s in period()) {
        let (less, more) = (value.min(other), value.max(other));
        prop_assert!(left_of(less, elapsed_s) <= left_of(more, elapsed_s));
        prop_assert!(left_of(more, elapsed_s) <= more);
    }
}

#[test]
fn a_second_at_a_time_for_a_whole_half_life_loses_less_than_was_stated() {
    let value = 50_000_000_000_000;
    let stepwise = (0..HALF_LIFE_S).fold(value, |value, _| left_of(value, 1));
    assert!(stepwise <= value / 2);
    // A unit a second, of which half fades on average.
    assert!(stepwise >= value / 2 - u64::from(HALF_LIFE_S));
}

#[test]
fn nothing_is_left_after_64_half_lives_nor_at_the_end_of_time() {
    let half_life = u64::from(HALF_LIFE_S);
    assert_eq!(left_of(u64::MAX, 63 * half_life), 1);
    assert_eq!(left_of(u64::MAX, 64 * half_life), 0);
    assert_eq!(left_of(u64::MAX, u64::MAX), 0);
}
