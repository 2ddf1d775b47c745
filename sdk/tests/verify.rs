//! A bill is believed only if every source of it says the same.

use bytemuck::Zeroable;
use gantry_protocol::{Receipt, ed25519::NotCanonical};
use gantry_sdk::{
    Keypair, Pubkey, Signature, Signer,
    address::ED25519_PROGRAM,
    event::{Event, LoggedEvent},
    history::{JobTransaction, TopLevelInstruction},
    market::{
        self,
        events::{JobOpened, JobRekeyed, JobSettled},
        state::{Job, JobState},
    },
    receipt::{self, CoSignedReceipt, ReceiptError},
    verify::{Discrepancy, VerifiedBill, verify},
};

const GENESIS: [u8; 32] = [7; 32];
const JOB: Pubkey = Pubkey::new_from_array([5; 32]);

fn provider() -> Keypair {
    Keypair::new_from_array([1; 32])
}

fn tenant() -> Keypair {
    Keypair::new_from_array([2; 32])
}

fn signature(n: u8) -> Signature {
    Signature::from([n; 64])
}

/// The receipt number `sequence`, at one second each.
fn receipt(sequence: u64) -> Receipt {
    Receipt {
        genesis_hash: GENESIS,
        job: JOB.to_bytes(),
        sequence,
        metered_ms: sequence * 1_000,
        time_ms: 0,
        flags: 0,
        samples_root: [6; 32],
    }
}

fn signed_by(provider: &Keypair, tenant: &Keypair, receipt: Receipt) -> CoSignedReceipt {
    CoSignedReceipt {
        receipt,
        provider_key: provider.pubkey(),
        provider_signature: receipt::sign(provider, &receipt),
        tenant_key: tenant.pubkey(),
        tenant_signature: receipt::sign(tenant, &receipt),
    }
}

fn transaction(n: u8, instructions: Vec<TopLevelInstruction>, event: Event) -> JobTransaction {
    JobTransaction {
        signature: signature(n),
        slot: u64::from(n),
        compute_units: None,
        network_fee_lamports: 5_000,
        events: vec![LoggedEvent {
            program: market::ID,
            instruction: instructions.len() - 1,
            payload: Vec::new(),
            event: Ok(event),
        }],
        instructions,
    }
}

fn call() -> TopLevelInstruction {
    TopLevelInstruction {
        program: market::ID,
        data: Vec::new(),
    }
}

/// The opening: 100 atoms per second with a fee of 10 % and 1 000 atoms in escrow.
fn opening() -> JobTransaction {
    let opened = JobOpened {
        job: JOB,
        session_key: tenant().pubkey(),
        attestation_key: provider().pubkey(),
        rate: 100_000_000,
        escrow: 1_000,
        fee_bps: 1_000,
        ..JobOpened::zeroed()
    };
    transaction(1, vec![call()], Event::JobOpened(opened))
}

/// What the program logs when it pays the receipt number `sequence` after all before it.
fn settled(sequence: u64) -> JobSettled {
    JobSettled {
        job: JOB,
        sequence,
        metered_ms: sequence * 1_000,
        paid_now: 90,
        paid: sequence * 90,
        fee: sequence * 10,
        samples_root: [6; 32],
        ..JobSettled::zeroed()
    }
}

fn settlement(signed: &CoSignedReceipt, settled: JobSettled) -> JobTransaction {
    let n = 1 + u8::try_from(signed.receipt.sequence).unwrap();
    let evidence = TopLevelInstruction {
        program: ED25519_PROGRAM,
        data: signed.ed25519_instruction().data,
    };
    transaction(n, vec![evidence, call()], Event::JobSettled(settled))
}

fn paid(sequence: u64) -> JobTransaction {
    let signed = signed_by(&provider(), &tenant(), receipt(sequence));
    settlement(&signed, settled(sequence))
}

/// The job's account after two settlements.
fn account() -> Job {
    Job {
        genesis_hash: GENESIS,
        session_key: tenant().pubkey(),
        attestation_key: provider().pubkey(),
        rate: 100_000_000,
        escrow: 1_000,
        fee_bps: 1_000,
        sequence: 2,
        metered_ms: 2_000,
        owed: 200,
        paid: 180,
        fee: 20,
        samples_root: [6; 32],
        state: JobState::Running as u8,
        ..Job::zeroed()
    }
}

fn history() -> Vec<JobTransaction> {
    vec![opening(), paid(1), paid(2)]
}

fn check(job: &Job, transactions: &[JobTransaction]) -> Result<VerifiedBill, Discrepancy> {
    verify(JOB, job, GENESIS, transactions)
}

/// The words of the discrepancy that is found.
fn refused(job: &Job, transactions: &[JobTransaction]) -> String {
    check(job, transactions).unwrap_err().to_string()
}

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
fn a_state_that_is_not_known_is_not_taken_for_another() {
    let strange = Job { state: 77, ..account() };
    assert_eq!(check(&strange, &history()), Err(Discrepancy::UnknownState(77)));
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
        ..JobRekeyed::zeroed()
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
