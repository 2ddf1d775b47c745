//! Facts and scores: what raises them, what lowers them, and that they are what the formula says.

use gantry_protocol::{
    Atoms, Bps, Metered, Rate, UnixSeconds,
    decay::HALF_LIFE_S,
    reputation::{
        COUNT_ONE, Closing, Deed, FAULT_WEIGHT, FORBEARANCE, Facts, HALFWAY, MAX_SCORE, NEWCOMER_SCORE, PRICE_ONE,
        Terms, UNSTARTED_S, score, value,
    },
};
use num_bigint::BigUint;
use proptest::prelude::*;

/// One GNT.
const GNT: u64 = 1_000_000_000;

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        Just(0),
        Just(u64::MAX),
        0..1_000 * GNT,
        (0..64u32, any::<u64>()).prop_map(|(shift, word)| word >> shift)
    ]
}

fn facts() -> impl Strategy<Value = Facts> {
    (word(), word(), word(), 0..10 * COUNT_ONE).prop_map(|(fees, promised, kept, faults)| Facts {
        fees,
        promised: promised.max(kept),
        kept: kept.min(promised),
        faults,
        ..Facts::default()
    })
}

/// The score by the definition, rounded down once; wherever the program saturates, so does this.
fn by_definition(facts: &Facts) -> u16 {
    let big = |word: u64| BigUint::from(word);
    let plus = |a: u64, b: u64| big(a.saturating_add(b));
    let range = u64::from(MAX_SCORE - NEWCOMER_SCORE);
    let earned = big(u64::from(NEWCOMER_SCORE)) * plus(facts.fees, HALFWAY) + big(range) * facts.fees;
    let faults = facts.faults.saturating_mul(FAULT_WEIGHT);
    let numerator = earned * plus(facts.kept, FORBEARANCE) * COUNT_ONE;
    let denominator = plus(facts.fees, HALFWAY) * plus(facts.promised, FORBEARANCE) * plus(faults, COUNT_ONE);
    u16::try_from(numerator / denominator).expect("at most the highest")
}

proptest! {
    #[test]
    fn the_score_is_what_the_formula_says_or_one_below(facts in facts()) {
        let (actual, expected) = (score(&facts), by_definition(&facts));
        prop_assert!(actual <= expected && expected <= actual + 1, "{actual} and {expected}");
        prop_assert!(actual <= MAX_SCORE);
    }

    #[test]
    fn fees_and_what_was_kept_never_lower_it_promises_and_faults_never_raise_it(facts in facts(), more in word()) {
        let before = score(&facts);
        let more_fees = Facts { fees: facts.fees.saturating_add(more), ..facts };
        prop_assert!(score(&more_fees) >= before);
        let more_kept = Facts { kept: facts.kept.saturating_add(more).min(facts.promised), ..facts };
        prop_assert!(score(&more_kept) >= before);
        let more_promised = Facts { promised: facts.promised.saturating_add(more), ..facts };
        prop_assert!(score(&more_promised) <= before);
        let more_faults = Facts { faults: facts.faults.saturating_add(more), ..facts };
        prop_assert!(score(&more_faults) <= before);
    }

    #[test]
    fn a_job_that_is_kept_in_full_never_lowers_the_score(facts in facts(), fees in word(), elapsed_s in 0..10_000_000i64) {
        let now = UnixSeconds(elapsed_s);
        let deed = Deed { fees, promised: fees, kept: fees, is_completed: true };
        prop_assert!(score(&facts.with(&deed, now)) >= score(&facts.at(now)));
    }

    #[test]
    fn nobody_keeps_more_than_it_promises_whatever_happens(
        deeds in prop::collection::vec((word(), word(), word(), -1_000_000..10_000_000i64), 0..20),
    ) {
        let mut facts = Facts::default();
        let mut now = UnixSeconds(0);
        for (fees, promised, kept, elapsed_s) in deeds {
            now = UnixSeconds(now.0 + elapsed_s);
            let before = facts;
            facts = facts.with(&Deed { fees, promised, kept, is_completed: false }, now);
            prop_assert!(facts.kept <= facts.promised);
            prop_assert!(facts.as_of >= before.as_of);
        }
    }

    #[test]
    fn a_weight_is_never_more_than_the_fee_is_worth(rate in word(), ms in 0..31_536_000_000u64, bps in 0..=Bps::ONE, price in word()) {
        let terms = Terms { rate: Rate(rate), fee: Bps::new(bps).unwrap(), reference_price: price };
        let owed = BigUint::from(rate) * ms / 1_000_000_000u64;
        let exact = owed * bps / 10_000u32 * price / PRICE_ONE;
        let weight = BigUint::from(terms.weight(Metered(ms)));
        prop_assert!(weight <= exact || weight == BigUint::from(u64::MAX));
    }
}

#[test]
fn a_newcomer_has_a_tenth_and_is_halfway_to_the_top_after_fifty_gnt_of_fees() {
    assert_eq!(score(&Facts::default()), NEWCOMER_SCORE);
    let at = |fees| {
        score(&Facts {
            fees,
            promised: fees,
            kept: fees,
            ..Facts::default()
        })
    };
    assert_eq!(at(HALFWAY), 5_500);
    assert_eq!(
        (at(9 * HALFWAY), at(99 * HALFWAY), at(u64::MAX)),
        (9_100, 9_910, MAX_SCORE)
    );
}

#[test]
fn a_fault_leaves_a_tenth_and_two_of_now_a_nineteenth() {
    let facts = Facts {
        fees: HALFWAY,
        promised: HALFWAY,
        kept: HALFWAY,
        ..Facts::default()
    };
    let now = UnixSeconds(0);
    let once = facts.with_fault(now);
    assert_eq!(
        (score(&facts), score(&once), score(&once.with_fault(now))),
        (5_500, 550, 289)
    );
    // Below a newcomer, even five half-lives later.
    let later = UnixSeconds(5 * i64::from(HALF_LIFE_S));
    assert!(once.score_at(later) < facts.score_at(later));
}

#[test]
fn without_use_everything_fades_to_a_newcomers_score() {
    let facts = Facts {
        fees: 500 * GNT,
        promised: 500 * GNT,
        kept: 400 * GNT,
        faults: COUNT_ONE,
        ..Facts::default()
    };
    let scores: Vec<u16> = (0..=60)
        .map(|n| facts.score_at(UnixSeconds(n * i64::from(HALF_LIFE_S))))
        .collect();
    // Rounding down three times may leave it a point short.
    assert!(
        (NEWCOMER_SCORE - 1..=NEWCOMER_SCORE).contains(scores.last().unwrap()),
        "{scores:?}"
    );
    assert_ne!(scores[0], scores[1]);
}

#[test]
fn a_first_mishap_does_not_decide_a_newcomers_life() {
    let mishap = Deed {
        fees: 0,
        promised: GNT / 100,
        kept: 0,
        is_completed: false,
    };
    let after = Facts::default().with(&mishap, UnixSeconds(0));
    assert_eq!(score(&after), 990);
}

#[test]
fn dust_and_unknown_mints_weigh_nothing() {
    assert_eq!(value(Atoms(999_999), 1), 0);
    assert_eq!(value(Atoms(1_000_000), 1), 1);
    assert_eq!(value(Atoms(u64::MAX), 0), 0);
    assert_eq!(value(Atoms(7), PRICE_ONE), 7);
    assert_eq!(value(Atoms(u64::MAX), u64::MAX), u64::MAX);
}

const TERMS: Terms = Terms {
    rate: Rate(1_000_000_000_000),
    fee: match Bps::new(1_000) {
        Some(fee) => fee,
        None => panic!("a tenth"),
    },
    reference_price: PRICE_ONE,
};

/// A job stopped after a hundred seconds, all of them signed, at a weight of a hundred a millisecond.
const CLOSING: Closing = Closing {
    terms: TERMS,
    lasted: Metered(100_000),
    metered: Metered(100_000),
    co_signed: Metered(100_000),
    grace: Metered(30_000),
    is_final: false,
    ran_its_time: true,
};

#[test]
fn what_a_provider_keeps_is_what_both_signed_of_a_job_that_ended_as_it_should() {
    let weight = |ms: u64| ms * 100;
    let provider = |closing: Closing| {
        let deed = closing.of_provider();
        (deed.promised / 100, deed.kept / 100, deed.is_completed)
    };
    assert_eq!(CLOSING.of_provider().fees, weight(100_000));
    assert_eq!(provider(CLOSING), (100_000, 100_000, true));
    let short = |ms| Closing {
        metered: Metered(ms),
        co_signed: Metered(ms),
        ..CLOSING
    };
    assert_eq!(provider(short(70_000)), (100_000, 70_000, true));
    assert_eq!(provider(short(69_999)), (100_000, 0, false));
    // Both agreed that this was all.
    assert_eq!(
        provider(Closing {
            is_final: true,
            ..short(10_000)
        }),
        (10_000, 10_000, true)
    );
    assert_eq!(
        provider(Closing {
            ran_its_time: false,
            ..CLOSING
        }),
        (100_000, 0, false)
    );
    // The chain's clock has whole seconds, so a job may have metered more than it seems to have lasted.
    assert_eq!(
        provider(Closing {
            lasted: Metered(99_000),
            ..CLOSING
        }),
        (100_000, 100_000, true)
    );
    assert_eq!(
        provider(Closing {
            co_signed: Metered(80_000),
            ..CLOSING
        }),
        (100_000, 80_000, true)
    );
}

#[test]
fn what_a_tenant_keeps_is_what_it_signed_of_what_it_used() {
    let tenant = |closing: Closing| {
        let deed = closing.of_tenant();
        (deed.promised / 100, deed.kept / 100, deed.is_completed)
    };
    assert_eq!(tenant(CLOSING), (100_000, 100_000, true));
    let unsigned = Closing {
        co_signed: Metered(80_000),
        ..CLOSING
    };
    assert_eq!(tenant(unsigned), (100_000, 80_000, false));
    // What the provider did not deliver is not the tenant's fault.
    let dark = Closing {
        metered: Metered(10_000),
        co_signed: Metered(10_000),
        ..CLOSING
    };
    assert_eq!(tenant(dark), (10_000, 10_000, true));
}

#[test]
fn a_job_that_was_never_started_weighs_a_minute_at_most() {
    let minute = TERMS.weight(Metered::of_seconds(UNSTARTED_S));
    for (window_s, expected) in [(0, 0), (1, minute / 60), (UNSTARTED_S, minute), (3_600, minute)] {
        let deed = TERMS.unstarted(window_s);
        assert_eq!(
            (deed.fees, deed.promised, deed.kept, deed.is_completed),
            (0, expected, 0, false)
        );
    }
}
