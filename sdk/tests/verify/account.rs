//! The job's account against the computation.

use gantry_sdk::{
    Pubkey, Signer,
    market::state::{Job, JobState},
    verify::Discrepancy,
};

use crate::sources::{GENESIS, account, check, history, provider, refused, tenant};

#[test]
fn a_bill_whose_sources_agree_is_recomputed_to_the_atom() {
    let bill = check(&account(), &history()).unwrap();
    assert_eq!((bill.bill.owed.0, bill.bill.paid.0, bill.bill.fee.0), (200, 180, 20));
    assert_eq!(
        (bill.bill.refund.0, bill.state, bill.fee_bps),
        (800, JobState::Running, 1_000)
    );
    assert_eq!(
        bill.settlements.iter().map(|paid| paid.paid_now).collect::<Vec<_>>(),
        [90, 90]
    );
}

#[test]
fn a_history_without_the_opening_is_refused() {
    assert_eq!(check(&account(), &history()[1..]), Err(Discrepancy::NoOpening));
}

#[test]
fn every_number_of_the_account_is_compared() {
    for (what, changed) in [
        ("rate", Job { rate: 1, ..account() }),
        ("escrow", Job { escrow: 1, ..account() }),
        (
            "sequence",
            Job {
                sequence: 3,
                ..account()
            },
        ),
        (
            "metered_ms",
            Job {
                metered_ms: 1,
                ..account()
            },
        ),
        (
            "co_signed_ms",
            Job {
                co_signed_ms: 1,
                ..account()
            },
        ),
        ("owed", Job { owed: 1, ..account() }),
        ("paid", Job { paid: 1, ..account() }),
        ("fee", Job { fee: 1, ..account() }),
        (
            "fee_bps",
            Job {
                fee_bps: 1,
                ..account()
            },
        ),
        (
            "is_final",
            Job {
                is_final: 1,
                ..account()
            },
        ),
    ] {
        let words = refused(&changed, &history());
        assert!(words.starts_with(&format!("{what}: the chain says ")), "{words}");
    }
}

#[test]
fn the_refund_of_an_ended_job_is_compared() {
    let closed = |refund| Job {
        state: JobState::Closed as u8,
        refund,
        ..account()
    };
    assert!(check(&closed(800), &history()).is_ok());
    assert_eq!(
        refused(&closed(801), &history()),
        "refund: the chain says 801, the computation says 800"
    );
}

#[test]
fn every_key_and_hash_of_the_account_is_compared() {
    let other = Pubkey::new_from_array([9; 32]);
    let (genesis, samples) = (Pubkey::from(GENESIS), Pubkey::from([6; 32]));
    for (what, changed, computed) in [
        (
            "cluster of the job",
            Job {
                genesis_hash: [9; 32],
                ..account()
            },
            genesis,
        ),
        (
            "samples_root",
            Job {
                samples_root: [9; 32],
                ..account()
            },
            samples,
        ),
        (
            "session key of the job",
            Job {
                session_key: other,
                ..account()
            },
            tenant().pubkey(),
        ),
        (
            "attestation key of the job",
            Job {
                attestation_key: other,
                ..account()
            },
            provider().pubkey(),
        ),
    ] {
        assert_eq!(
            refused(&changed, &history()),
            format!("{what}: the chain says {other}, the computation says {computed}")
        );
    }
}

#[test]
fn a_state_that_is_not_known_is_not_taken_for_another() {
    let strange = Job { state: 77, ..account() };
    assert_eq!(check(&strange, &history()), Err(Discrepancy::UnknownState(77)));
}
