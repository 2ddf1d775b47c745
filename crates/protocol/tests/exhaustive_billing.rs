//! Billing over whole small domains: rounding goes where it must, nothing is made or lost, and the path does not matter.

use gantry_protocol::{
    Atoms, Bps, Metered, Rate,
    billing::{owed, split},
};

/// Rates at which a few milliseconds make an atom, so that every remainder of the division occurs.
fn rates() -> impl Iterator<Item = u64> {
    (0..=240).map(|part| part * 8_333_333)
}

const LONGEST_MS: u64 = 2_400;

fn cost(rate: u64, ms: u64) -> u64 {
    owed(Rate(rate), Metered(ms)).unwrap().0
}

#[test]
fn what_is_owed_is_the_exact_price_rounded_down_and_never_falls() {
    for rate in rates() {
        let mut before = 0;
        for ms in 0..=LONGEST_MS {
            let owed = cost(rate, ms);
            let exact = u128::from(rate) * u128::from(ms);
            let floor = u128::from(owed) * 1_000_000_000;
            assert!(floor <= exact && exact < floor + 1_000_000_000, "{rate} for {ms} ms");
            assert!(owed >= before, "{rate} for {ms} ms");
            before = owed;
        }
    }
}

#[test]
fn every_bill_is_split_without_remainder_and_both_parts_never_fall() {
    for bps in 0..=Bps::ONE {
        let fee = Bps::new(bps).unwrap();
        let mut before = (0, 0);
        for total in 0..=1_200 {
            let (paid, taken) = split(Atoms(total), fee);
            assert_eq!(paid.0 + taken.0, total);
            assert_eq!(taken.0, total * u64::from(bps) / 10_000);
            // Each further atom goes to one of the two, and from neither.
            assert!(paid.0 >= before.0 && taken.0 >= before.1, "{total} at {bps}");
            before = (paid.0, taken.0);
        }
    }
}

#[test]
fn any_two_settlements_pay_together_what_one_pays() {
    for rate in rates() {
        for bps in [0, 1, 250, 2_000, 9_999, 10_000] {
            let fee = Bps::new(bps).unwrap();
            let paid = |ms| split(Atoms(cost(rate, ms)), fee).0.0;
            let at_once: Vec<u64> = (0..=LONGEST_MS / 4).map(paid).collect();
            for (ms, total) in at_once.iter().enumerate() {
                for earlier in &at_once[..=ms] {
                    // What the second pays is not negative, so the two add up to the total.
                    let later = total.checked_sub(*earlier).unwrap();
                    assert_eq!(earlier + later, *total);
                }
            }
        }
    }
}
