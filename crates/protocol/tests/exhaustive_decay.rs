//! Decay over every second of a half-life, and over every small value: nothing is left to chance.

use gantry_protocol::decay::{Decay, HALF_LIFE_S};

/// Large enough that an `f64` is the coarser of the two.
const VALUE: u64 = 1 << 62;

#[test]
fn every_second_of_a_half_life_leaves_less_than_the_one_before_and_what_floating_point_says() {
    let mut before = VALUE + 1;
    for second in 0..=u64::from(HALF_LIFE_S) {
        let left = Decay::over(second).of(VALUE);
        assert!(left < before, "second {second}");
        before = left;
        let expected = (VALUE as f64) * (-(second as f64) / f64::from(HALF_LIFE_S)).exp2();
        let error = (left as f64 - expected).abs() / expected;
        assert!(error < 4.0 * f64::EPSILON, "second {second}: {left} and {expected}");
    }
    assert_eq!(before, VALUE / 2);
}

#[test]
fn every_small_value_in_two_steps_is_at_most_one_less_than_in_one() {
    let periods: Vec<u64> = (0..100).map(|part| u64::from(HALF_LIFE_S) * part / 47).collect();
    for first in &periods {
        for second in &periods {
            let (one, two, both) = (Decay::over(*first), Decay::over(*second), Decay::over(first + second));
            for value in 0..=640 {
                let (stepwise, at_once) = (two.of(one.of(value)), both.of(value));
                // The factors' own errors may hide a unit where the product falls on one.
                assert!(
                    stepwise <= at_once + 1 && at_once <= stepwise + 1,
                    "{value} over {first} and {second}: {stepwise}, {at_once}"
                );
            }
        }
    }
}

#[test]
fn every_small_value_is_halved_exactly_by_whole_half_lives() {
    for halvings in 0..=20 {
        let decay = Decay::over(u64::from(HALF_LIFE_S) * halvings);
        for value in 0..=4_096u64 {
            assert_eq!(decay.of(value), value >> halvings);
        }
    }
}
