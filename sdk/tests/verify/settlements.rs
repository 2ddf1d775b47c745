//! Each settlement's event against the receipt that stands before it.

use gantry_protocol::{Receipt, ed25519::NotCanonical};
use gantry_sdk::{
    Keypair, Pubkey, Signer,
    event::Event,
    history::JobTransaction,
    market::{
        events::{JobRekeyed, JobSettled, JobStarted, SessionRotated},
        state::Job,
    },
    receipt::{CoSignedReceipt, ReceiptError},
    verify::Discrepancy,
};

use crate::sources::{
    GENESIS, JOB, account, call, check, opening, paid, provider, receipt, refused, settled, settlement, signature,
    signed_by, tenant, transaction,
};

#[test]
fn a_receipt_for_another_cluster_is_refused_even_when_the_account_agrees_with_it() {
    let elsewhere = Pubkey::from([8; 32]);
    let foreign = Receipt {
        genesis_hash: [8; 32],
        ..receipt(1)
    };
    let paid = settlement(&signed_by(&provider(), &tenant(), foreign), settled(1));
    let job = Job {
        genesis_hash: [8; 32],
        ..account()
    };
    assert_eq!(
        refused(&job, &[opening(), paid]),
        format!(
            "cluster of the receipt: the receipt says {elsewhere}, the cluster says {}",
            Pubkey::from(GENESIS)
        )
    );
}

#[test]
fn a_settlement_without_signatures_directly_before_it_is_refused() {
    let mut unsigned = paid(1);
    // The receipt is in the transaction, but the program reads only what stands directly before.
    unsigned.instructions.insert(1, call());
    unsigned.events[0].instruction = 2;
    assert_eq!(
        check(&account(), &[opening(), unsigned]),
        Err(Discrepancy::NoSignatures(signature(2)))
    );
}

#[test]
fn a_settlement_on_something_else_than_a_receipt_is_refused() {
    let mut short = paid(1);
    short.instructions[0].data.pop();
    assert_eq!(
        check(&account(), &[opening(), short]),
        Err(Discrepancy::Receipt {
            signature: signature(2),
            error: ReceiptError::NotCanonical(NotCanonical::Length),
        })
    );
}

#[test]
fn a_signature_that_does_not_fit_is_refused() {
    let mut signed = signed_by(&provider(), &tenant(), receipt(1));
    signed.tenant_signature = signed.provider_signature;
    let error = ReceiptError::InvalidSignature(tenant().pubkey());
    assert_eq!(
        check(&account(), &[opening(), settlement(&signed, settled(1))]),
        Err(Discrepancy::Receipt {
            signature: signature(2),
            error,
        })
    );
}

#[test]
fn a_receipt_of_another_job_or_by_other_keys_is_refused() {
    let stranger = Keypair::new_from_array([3; 32]);
    let other_job = Receipt {
        job: [9; 32],
        ..receipt(1)
    };
    for (what, signed) in [
        ("job of the receipt", signed_by(&provider(), &tenant(), other_job)),
        ("attestation key", signed_by(&stranger, &tenant(), receipt(1))),
        ("session key", signed_by(&provider(), &stranger, receipt(1))),
    ] {
        let words = refused(&account(), &[opening(), settlement(&signed, settled(1))]);
        assert!(words.starts_with(&format!("{what}: the receipt says ")), "{words}");
    }
}

#[test]
fn a_job_that_was_rekeyed_is_attested_by_the_new_key_from_then_on() {
    let successor = Keypair::new_from_array([4; 32]);
    let rekeyed = JobRekeyed {
        job: JOB,
        attestation_key: successor.pubkey(),
    };
    let rekeying = transaction(9, vec![call()], Event::JobRekeyed(rekeyed));
    let by_successor = settlement(&signed_by(&successor, &tenant(), receipt(2)), settled(2));
    let job = Job {
        attestation_key: successor.pubkey(),
        ..account()
    };
    assert!(check(&job, &[opening(), paid(1), rekeying.clone(), by_successor]).is_ok());
    let words = refused(&job, &[opening(), paid(1), rekeying, paid(2)]);
    assert!(words.starts_with("attestation key: the receipt says "), "{words}");
}

/// A rotation three seconds after the start; the grace window lasts one.
fn rotated() -> (Keypair, Vec<JobTransaction>) {
    let successor = Keypair::new_from_array([5; 32]);
    let started = JobStarted { job: JOB, at: 100 };
    let rotation = SessionRotated {
        job: JOB,
        session_key: successor.pubkey(),
        former_session_key: tenant().pubkey(),
        at: 103,
    };
    let history = vec![
        opening(),
        transaction(8, vec![call()], Event::JobStarted(started)),
        transaction(9, vec![call()], Event::SessionRotated(rotation)),
    ];
    (successor, history)
}

fn settled_at(signed: &CoSignedReceipt, at: i64) -> JobTransaction {
    settlement(
        signed,
        JobSettled {
            at,
            ..settled(signed.receipt.sequence)
        },
    )
}

#[test]
fn receipts_of_both_session_keys_count_in_their_time() {
    let (successor, before) = rotated();
    let job = Job {
        session_key: successor.pubkey(),
        former_session_key: tenant().pubkey(),
        session_rotated_at: 103,
        ..account()
    };
    let by_former = |sequence, at| settled_at(&signed_by(&provider(), &tenant(), receipt(sequence)), at);
    let by_present = |sequence, at| settled_at(&signed_by(&provider(), &successor, receipt(sequence)), at);
    let after = |last: [JobTransaction; 2]| [before.clone(), last.to_vec()].concat();
    assert!(check(&job, &after([by_former(1, 104), by_present(2, 105)])).is_ok());
    assert!(check(&job, &after([by_present(1, 104), by_former(2, 104)])).is_ok());
    let words = refused(&job, &after([by_former(1, 105), by_present(2, 110)]));
    assert!(words.starts_with("session key: the receipt says "), "{words}");
    let long = Receipt {
        metered_ms: 4_001,
        ..receipt(1)
    };
    let long = settled_at(&signed_by(&provider(), &tenant(), long), 104);
    let words = refused(&job, &after([long, by_present(2, 110)]));
    assert!(
        words.starts_with("time until the former session key's rotation: the receipt says 4001"),
        "{words}"
    );
}

#[test]
fn the_keys_of_the_account_are_those_of_its_history() {
    let (_, history) = rotated();
    let words = refused(&account(), &[history, vec![paid(1), paid(2)]].concat());
    assert!(words.starts_with("session key of the job: the chain says "), "{words}");
    let unheard_of = Job {
        session_rotated_at: 103,
        ..account()
    };
    let words = refused(&unheard_of, &[opening(), paid(1), paid(2)]);
    assert!(words.starts_with("rotation of the session key: "), "{words}");
    let exit = Job {
        exits_at: 700,
        ..account()
    };
    let words = refused(&exit, &[opening(), paid(1), paid(2)]);
    assert!(words.starts_with("exit: the chain says 700"), "{words}");
    let moved = Job {
        successor: Pubkey::from([9; 32]),
        ..account()
    };
    let words = refused(&moved, &[opening(), paid(1), paid(2)]);
    assert!(words.starts_with("successor of the job: the chain says "), "{words}");
}

#[test]
fn a_receipt_that_is_not_newer_is_refused() {
    let not_newer = Err(Discrepancy::NotNewer(signature(2)));
    assert_eq!(check(&account(), &[opening(), paid(1), paid(1)]), not_newer);
    let less = Receipt {
        metered_ms: 999,
        ..receipt(2)
    };
    let regressed = settlement(&signed_by(&provider(), &tenant(), less), settled(2));
    assert_eq!(
        check(&account(), &[opening(), paid(1), regressed]),
        Err(Discrepancy::NotNewer(signature(3)))
    );
}

#[test]
fn more_metered_time_than_the_escrow_pays_for_is_refused() {
    let signed = signed_by(&provider(), &tenant(), receipt(11));
    assert_eq!(
        check(&account(), &[opening(), settlement(&signed, settled(11))]),
        Err(Discrepancy::ExceedsEscrow)
    );
}

#[test]
fn every_field_of_a_settlements_event_is_compared_with_its_receipt() {
    let signed = signed_by(&provider(), &tenant(), receipt(1));
    for (what, logged) in [
        (
            "sequence",
            JobSettled {
                sequence: 2,
                ..settled(1)
            },
        ),
        (
            "metered_ms",
            JobSettled {
                metered_ms: 1,
                ..settled(1)
            },
        ),
        (
            "paid by this settlement",
            JobSettled {
                paid_now: 91,
                ..settled(1)
            },
        ),
        ("paid", JobSettled { paid: 91, ..settled(1) }),
        ("fee", JobSettled { fee: 11, ..settled(1) }),
        (
            "samples of this settlement",
            JobSettled {
                samples_root: [9; 32],
                ..settled(1)
            },
        ),
    ] {
        let words = refused(&account(), &[opening(), settlement(&signed, logged)]);
        assert!(words.starts_with(&format!("{what}: the chain says ")), "{words}");
    }
}
