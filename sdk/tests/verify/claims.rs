//! Claims of a provider whose tenant fell silent, and extensions.

use bytemuck::Zeroable;
use gantry_protocol::Receipt;
use gantry_sdk::{
    Keypair, Signer,
    address::ED25519_PROGRAM,
    event::Event,
    history::{JobTransaction, TopLevelInstruction},
    market::{
        events::{ClaimOpened, ClaimRefuted, ClaimSettled, JobExtended},
        state::Job,
    },
    receipt::{self, ProviderReceipt},
    verify::Discrepancy,
};

use crate::sources::{JOB, account, call, check, history, provider, receipt, refused, signature, transaction};

fn signed_alone(key: &Keypair, receipt: Receipt) -> ProviderReceipt {
    ProviderReceipt {
        receipt,
        key: key.pubkey(),
        signature: receipt::sign(key, &receipt),
    }
}

/// What the program logs when the receipt number three is claimed after the two settlements.
fn opened() -> ClaimOpened {
    ClaimOpened {
        job: JOB,
        samples_root: [6; 32],
        sequence: 3,
        metered_ms: 3_000,
        bond: 90,
        ..ClaimOpened::zeroed()
    }
}

/// What it logs when that claim is paid.
fn settled() -> ClaimSettled {
    ClaimSettled {
        job: JOB,
        sequence: 3,
        metered_ms: 3_000,
        paid_now: 90,
        paid: 270,
        fee: 30,
        bond: 90,
        ..ClaimSettled::zeroed()
    }
}

fn opening_of(signed: &ProviderReceipt, opened: ClaimOpened) -> JobTransaction {
    let evidence = TopLevelInstruction {
        program: ED25519_PROGRAM,
        data: signed.ed25519_instruction().data,
    };
    transaction(10, vec![evidence, call()], Event::ClaimOpened(opened))
}

fn claimed(signed: &ProviderReceipt, opened: ClaimOpened, settled: ClaimSettled) -> Vec<JobTransaction> {
    let mut history = history();
    history.push(opening_of(signed, opened));
    history.push(transaction(11, vec![call()], Event::ClaimSettled(settled)));
    history
}

/// The job's account after the claim was paid.
fn paid() -> Job {
    Job {
        sequence: 3,
        metered_ms: 3_000,
        owed: 300,
        paid: 270,
        fee: 30,
        ..account()
    }
}

#[test]
fn a_claim_is_recomputed_from_the_receipt_of_the_provider_alone() {
    let signed = signed_alone(&provider(), receipt(3));
    let bill = check(&paid(), &claimed(&signed, opened(), settled())).unwrap();
    assert_eq!((bill.bill.owed.0, bill.metered_ms), (300, 3_000));
    assert_eq!(bill.settlements.len(), 2);
    let claim = &bill.claims[0];
    assert_eq!((claim.paid_now, &claim.receipt), (90, &signed));
    assert_eq!(claim.signature, signature(11));
}

#[test]
fn a_claim_that_was_refuted_changes_nothing() {
    let mut history = history();
    history.push(opening_of(&signed_alone(&provider(), receipt(3)), opened()));
    let refuted = ClaimRefuted {
        job: JOB,
        ..ClaimRefuted::zeroed()
    };
    history.push(transaction(11, vec![call()], Event::ClaimRefuted(refuted)));
    assert!(check(&account(), &history).unwrap().claims.is_empty());
}

#[test]
fn every_number_of_a_claim_is_compared() {
    let signed = signed_alone(&provider(), receipt(3));
    type Change = fn(&mut ClaimOpened, &mut ClaimSettled);
    let changes: [(&str, Change); 8] = [
        ("sequence of the claim", |opened, _| opened.sequence = 4),
        ("metered_ms of the claim", |opened, _| opened.metered_ms = 1),
        ("bond of the claim", |opened, _| opened.bond = 1),
        ("sequence", |_, settled| settled.sequence = 4),
        ("metered_ms", |_, settled| settled.metered_ms = 1),
        ("paid by this claim", |_, settled| settled.paid_now = 1),
        ("paid", |_, settled| settled.paid = 1),
        ("fee", |_, settled| settled.fee = 1),
    ];
    for (what, change) in changes {
        let (mut opened, mut settled) = (opened(), settled());
        change(&mut opened, &mut settled);
        let words = refused(&paid(), &claimed(&signed, opened, settled));
        assert!(words.starts_with(&format!("{what}: the chain says ")), "{words}");
    }
}

#[test]
fn a_claim_beyond_the_grace_window_is_not_believed() {
    let far = Receipt {
        metered_ms: 3_001,
        ..receipt(3)
    };
    let opened = ClaimOpened {
        metered_ms: 3_001,
        ..opened()
    };
    let words = refused(&paid(), &claimed(&signed_alone(&provider(), far), opened, settled()));
    assert_eq!(
        words,
        "metered_ms of the claim: the chain says 3001, the computation says 3000"
    );
}

#[test]
fn a_claim_needs_the_signature_of_the_jobs_own_key() {
    let stranger = Keypair::new_from_array([9; 32]);
    let words = refused(
        &paid(),
        &claimed(&signed_alone(&stranger, receipt(3)), opened(), settled()),
    );
    assert!(words.starts_with("attestation key of the claim: "), "{words}");
    let mut forged = signed_alone(&provider(), receipt(3));
    forged.receipt.time_ms = 1;
    let refused = check(&paid(), &claimed(&forged, opened(), settled()));
    assert!(matches!(refused, Err(Discrepancy::Receipt { .. })), "{refused:?}");
}

#[test]
fn a_claim_without_a_receipt_before_it_and_a_payment_without_a_claim_are_refused() {
    let mut bare = history();
    bare.push(transaction(10, vec![call()], Event::ClaimOpened(opened())));
    assert_eq!(check(&account(), &bare), Err(Discrepancy::NoSignatures(signature(10))));
    let mut unopened = history();
    unopened.push(transaction(11, vec![call()], Event::ClaimSettled(settled())));
    assert_eq!(check(&account(), &unopened), Err(Discrepancy::NoClaim(signature(11))));
}

#[test]
fn an_extension_is_recomputed_from_the_rate_and_the_longest_time() {
    let extended = |escrow| {
        let event = JobExtended {
            job: JOB,
            escrow,
            max_duration_s: 20,
            ..JobExtended::zeroed()
        };
        let mut history = history();
        history.push(transaction(10, vec![call()], Event::JobExtended(event)));
        history
    };
    let account = Job {
        escrow: 2_000,
        ..account()
    };
    let bill = check(&account, &extended(2_000)).unwrap();
    assert_eq!((bill.escrow, bill.bill.refund.0), (2_000, 1_800));
    assert_eq!(
        refused(&account, &extended(1_999)),
        "escrow of the extension: the chain says 1999, the computation says 2000"
    );
}
