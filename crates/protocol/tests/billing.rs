//! What metered time costs, compared with big-integer arithmetic, and that the path to it does not matter.

use gantry_protocol::{
    Atoms, Bill, Bps, Metered, Rate,
    billing::{RATE_SCALE, fee_of, owed, split},
    limits::MAX_JOB_DURATION_S,
};
use num_bigint::BigUint;
use proptest::prelude::*;

/// `⌊a × b / divisor⌋` in big integers, when it fits 64 bits.
fn fraction(a: u64, b: u64, divisor: u64) -> Option<u64> {
    u64::try_from(BigUint::from(a) * b / divisor).ok()
}

/// Amounts, rates and times of every length.
fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(u64::MAX),
        (0..64u32, any::<u64>()).prop_map(|(shift, word)| word >> shift),
    ]
}

fn fee() -> impl Strategy<Value = Bps> {
    prop_oneof![Just(0), Just(Bps::ONE), 0..=Bps::ONE].prop_map(|bps| Bps::new(bps).expect("at most 100 %"))
}

/// Rates and cumulative metered times that a job can reach.
fn life_of_a_job() -> impl Strategy<Value = (u64, Vec<u64>)> {
    let longest = u64::from(MAX_JOB_DURATION_S) * 1_000;
    (0..=100_000_000_000u64, prop::collection::vec(0..=longest, 1..40)).prop_map(|(rate, mut times)| {
        times.sort_unstable();
        (rate, times)
    })
}

#[test]
fn an_hour_at_two_dollars_and_a_half_costs_what_it_says() {
    // 2.50 USDC an hour in micro-atoms per second, rounded down by the price itself.
    let rate = Rate(694_444_444);
    assert_eq!(owed(rate, Metered(3_600_000)), Some(Atoms(2_499_999)));
    assert_eq!(owed(rate, Metered(0)), Some(Atoms(0)));
    assert_eq!(owed(rate, Metered(1)), Some(Atoms(0)));
}

#[test]
fn a_thousand_seconds_at_one_micro_atom_a_millisecond_are_counted_to_the_atom() {
    assert_eq!(owed(Rate(RATE_SCALE), Metered(7)), Some(Atoms(7)));
    assert_eq!(owed(Rate(RATE_SCALE - 1), Metered(7)), Some(Atoms(6)));
    assert_eq!(owed(Rate(RATE_SCALE + 1), Metered(7)), Some(Atoms(7)));
}

#[test]
fn what_leaves_64_bits_is_refused_and_never_wraps() {
    assert_eq!(owed(Rate(u64::MAX), Metered(RATE_SCALE)), Some(Atoms(u64::MAX)));
    assert_eq!(owed(Rate(u64::MAX), Metered(RATE_SCALE + 1)), None);
    assert_eq!(owed(Rate(u64::MAX), Metered(u64::MAX)), None);
    let free = Bps::new(0).expect("a fraction");
    assert_eq!(Bill::of(Rate(u64::MAX), Metered(u64::MAX), free, Atoms(u64::MAX)), None);
}

#[test]
fn a_fraction_above_the_whole_does_not_exist() {
    assert_eq!(Bps::new(Bps::ONE).map(Bps::get), Some(10_000));
    assert_eq!(Bps::new(Bps::ONE + 1), None);
    assert_eq!(Bps::new(u16::MAX), None);
}

#[test]
fn a_job_that_costs_more_than_its_escrow_has_no_bill() {
    let fee = Bps::new(500).expect("a fraction");
    let (rate, metered) = (Rate(RATE_SCALE), Metered(100));
    assert_eq!(
        Bill::of(rate, metered, fee, Atoms(100)),
        Some(Bill {
            owed: Atoms(100),
            paid: Atoms(95),
            fee: Atoms(5),
            refund: Atoms(0),
        })
    );
    assert_eq!(Bill::of(rate, metered, fee, Atoms(99)), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn what_is_owed_is_rate_times_time_rounded_down(rate in word(), metered in word()) {
        let expected = fraction(rate, metered, 1_000_000_000).map(Atoms);
        prop_assert_eq!(owed(Rate(rate), Metered(metered)), expected);
    }

    #[test]
    fn more_time_never_costs_less(rate in word(), one in word(), other in word()) {
        let (less, more) = (owed(Rate(rate), Metered(one.min(other))), owed(Rate(rate), Metered(one.max(other))));
        match (less, more) {
            (Some(less), Some(more)) => prop_assert!(less <= more),
            (None, Some(_)) => prop_assert!(false, "the shorter time alone overflows"),
            (_, None) => {}
        }
    }

    #[test]
    fn fee_and_pay_add_up_and_the_fee_is_rounded_down(total in word(), fee in fee()) {
        let expected = fraction(total, fee.get().into(), 10_000).map(Atoms);
        prop_assert_eq!(Some(fee_of(Atoms(total), fee)), expected);
        let (paid, taken) = split(Atoms(total), fee);
        prop_assert_eq!(Some(taken), expected);
        prop_assert_eq!(paid.checked_add(taken), Some(Atoms(total)));
    }

    #[test]
    fn any_sequence_of_settlements_moves_what_one_settlement_moves((rate, times) in life_of_a_job(), fee in fee()) {
        let (mut paid, mut taken) = (Atoms::ZERO, Atoms::ZERO);
        for metered in &times {
            let total = owed(Rate(rate), Metered(*metered)).expect("far from the edge");
            let (paid_total, fee_total) = split(total, fee);
            // As the program does it: each settlement moves the total less what was moved before, which is never negative.
            let now = (paid_total.checked_sub(paid), fee_total.checked_sub(taken));
            let (Some(paid_now), Some(fee_now)) = now else {
                return Err(TestCaseError::fail("a settlement would take back"));
            };
            paid = paid.checked_add(paid_now).expect("far from the edge");
            taken = taken.checked_add(fee_now).expect("far from the edge");
        }
        let last = times.last().copied().expect("at least one");
        let once = split(owed(Rate(rate), Metered(last)).expect("far from the edge"), fee);
        prop_assert_eq!((paid, taken), once);
    }

    #[test]
    fn a_bill_adds_up_to_the_escrow(rate in word(), metered in word(), fee in fee(), escrow in word()) {
        match Bill::of(Rate(rate), Metered(metered), fee, Atoms(escrow)) {
            Some(bill) => {
                prop_assert_eq!(Some(bill.owed), owed(Rate(rate), Metered(metered)));
                prop_assert_eq!(bill.paid.checked_add(bill.fee), Some(bill.owed));
                prop_assert_eq!(bill.owed.checked_add(bill.refund), Some(Atoms(escrow)));
                prop_assert_eq!((bill.paid, bill.fee), split(bill.owed, fee));
            }
            None => prop_assert!(owed(Rate(rate), Metered(metered)).is_none_or(|owed| owed > Atoms(escrow))),
        }
    }

    #[test]
    fn an_escrow_for_the_longest_time_covers_every_shorter_one((rate, times) in life_of_a_job(), fee in fee()) {
        let longest = Metered::of_seconds(MAX_JOB_DURATION_S);
        prop_assert_eq!(Some(longest), Metered::from_seconds(MAX_JOB_DURATION_S.into()));
        let escrow = owed(Rate(rate), longest).expect("far from the edge");
        for metered in times {
            prop_assert!(Bill::of(Rate(rate), Metered(metered), fee, escrow).is_some());
        }
    }

    #[test]
    fn the_rate_of_several_gpus_is_a_multiple_or_nothing(rate in word(), gpus in any::<u16>()) {
        prop_assert_eq!(Rate(rate).times(gpus), rate.checked_mul(gpus.into()).map(Rate));
    }
}
