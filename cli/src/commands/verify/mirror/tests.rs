use anchor_lang::Discriminator;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use gantry_sdk::{
    Keypair, Signer,
    protocol::{Receipt, receipt::FLAG_FINAL},
    receipt::{self, CoSignedReceipt},
};
use serde_json::{Value, json};

use super::*;

const JOB: Pubkey = Pubkey::new_from_array([3; 32]);
const CLUSTER: Pubkey = Pubkey::new_from_array([4; 32]);
/// One atom per millisecond.
const RATE: u64 = 1_000_000_000;
const ESCROW: u64 = 60_000;
const FEE_BPS: u16 = 250;

/// Both parties of a job.
struct Parties {
    provider: Keypair,
    tenant: Keypair,
}

impl Parties {
    fn new() -> Self {
        Self {
            provider: Keypair::new(),
            tenant: Keypair::new(),
        }
    }

    fn signed(&self, receipt: Receipt) -> CoSignedReceipt {
        CoSignedReceipt {
            receipt,
            provider_key: self.provider.pubkey(),
            provider_signature: receipt::sign(&self.provider, &receipt),
            tenant_key: self.tenant.pubkey(),
            tenant_signature: receipt::sign(&self.tenant, &receipt),
        }
    }

    fn opened(&self) -> String {
        let opened = JobOpened {
            job: JOB,
            tenant: Pubkey::default(),
            provider: Pubkey::default(),
            node: Pubkey::default(),
            mint: Pubkey::default(),
            session_key: self.tenant.pubkey(),
            attestation_key: self.provider.pubkey(),
            bundle_hash: [0; 32],
            nonce: 1,
            rate: RATE,
            escrow: ESCROW,
            stake_reserved: 0,
            reference_price: 0,
            balance: 0,
            opened_at: 0,
            start_deadline: 0,
            max_duration_s: 60,
            grace_window_s: 30,
            gpus: 1,
            fee_bps: FEE_BPS,
            gpus_free: 0,
        };
        BASE64.encode([JobOpened::DISCRIMINATOR, &borsh::to_vec(&opened).unwrap()].concat())
    }

    /// The evidence of a closed job: 10 s were metered and paid in two settlements.
    fn evidence(&self) -> Value {
        json!({
            "job": {
                "state": "closed", "genesis_hash": CLUSTER.to_string(), "rate": RATE.to_string(), "fee_bps": FEE_BPS,
                "escrow": "60000", "sequence": "2", "metered_ms": "10000", "owed": "10000", "paid": "9750", "fee": "250",
                "refund": "50000",
            },
            "events": [{ "name": "JobOpened", "payload": self.opened() }],
            "settlements": [
                settlement(1, &self.signed(made(1, 4_000, 0)), "3900", "3900", "100"),
                settlement(2, &self.signed(made(2, 10_000, FLAG_FINAL)), "5850", "9750", "250"),
            ],
            "settlements_complete": true,
        })
    }
}

fn made(sequence: u64, metered_ms: u64, flags: u64) -> Receipt {
    Receipt {
        genesis_hash: CLUSTER.to_bytes(),
        job: JOB.to_bytes(),
        sequence,
        metered_ms,
        time_ms: 0,
        flags,
        samples_root: [0; 32],
    }
}

fn settlement(transaction: u8, signed: &CoSignedReceipt, paid_now: &str, paid: &str, fee: &str) -> Value {
    json!({
        "signature": Signature::from([transaction; 64]).to_string(),
        "paid_now": paid_now, "paid": paid, "fee": fee,
        "receipt": {
            "bytes": BASE64.encode(signed.receipt.to_bytes()),
            "provider_key": signed.provider_key.to_string(),
            "provider_signature": signed.provider_signature.to_string(),
            "tenant_key": signed.tenant_key.to_string(),
            "tenant_signature": signed.tenant_signature.to_string(),
        },
    })
}

fn recomputed(evidence: Value) -> Result<Mirrored, Contradiction> {
    recompute(JOB, &serde_json::from_value(evidence).unwrap())
}

#[test]
fn honest_evidence_gives_the_bill() {
    let mirrored = recomputed(Parties::new().evidence()).unwrap();
    let (owed, paid, fee, refund) = (Atoms(10_000), Atoms(9_750), Atoms(250), Atoms(50_000));
    assert_eq!(
        mirrored.bill,
        Bill {
            owed,
            paid,
            fee,
            refund
        }
    );
    assert_eq!(
        mirrored
            .settlements
            .iter()
            .map(|(_, _, paid_now)| *paid_now)
            .collect::<Vec<_>>(),
        [3_900, 5_850]
    );
}

#[test]
fn a_single_atom_more_or_less_is_found_wherever_it_stands() {
    let places = [
        "/job/owed",
        "/job/paid",
        "/job/fee",
        "/job/refund",
        "/job/escrow",
        "/job/metered_ms",
        "/job/sequence",
        "/job/rate",
    ];
    let payments = [
        "/settlements/0/paid_now",
        "/settlements/0/paid",
        "/settlements/1/fee",
        "/settlements/1/paid_now",
    ];
    for place in places.into_iter().chain(payments) {
        for change in [-1, 1] {
            let mut evidence = Parties::new().evidence();
            let value = evidence.pointer_mut(place).unwrap();
            let number: i64 = value.as_str().unwrap().parse().unwrap();
            *value = (number + change).to_string().into();
            let found = recomputed(evidence);
            assert!(
                matches!(found, Err(Contradiction::Differs { .. })),
                "{place} {change:+}: {found:?}"
            );
        }
    }
}

#[test]
fn a_receipt_that_was_changed_after_signing_is_found() {
    let parties = Parties::new();
    let mut signed = parties.signed(made(2, 10_000, FLAG_FINAL));
    signed.receipt.metered_ms += 1;
    let mut evidence = parties.evidence();
    evidence["settlements"][1] = settlement(2, &signed, "5850", "9750", "250");
    let transaction = Signature::from([2; 64]);
    let expected = Contradiction::Signature(transaction, ReceiptError::InvalidSignature(parties.provider.pubkey()));
    assert_eq!(recomputed(evidence), Err(expected));
}

#[test]
fn a_receipt_that_others_signed_or_of_another_job_or_cluster_is_found() {
    let (parties, strangers) = (Parties::new(), Parties::new());
    let honest = made(2, 10_000, FLAG_FINAL);
    let (mixed_tenant, mixed_provider) = (
        Parties {
            provider: parties.provider.insecure_clone(),
            tenant: Keypair::new(),
        },
        Parties {
            provider: Keypair::new(),
            tenant: parties.tenant.insecure_clone(),
        },
    );
    for (signed, what) in [
        (strangers.signed(honest), "attestation key"),
        (mixed_provider.signed(honest), "attestation key"),
        (mixed_tenant.signed(honest), "session key"),
        (parties.signed(Receipt { job: [9; 32], ..honest }), "job"),
        (
            parties.signed(Receipt {
                genesis_hash: [9; 32],
                ..honest
            }),
            "cluster",
        ),
    ] {
        let mut evidence = parties.evidence();
        evidence["settlements"][1] = settlement(2, &signed, "5850", "9750", "250");
        assert_eq!(
            recomputed(evidence),
            Err(Contradiction::Foreign(Signature::from([2; 64]), what))
        );
    }
}

#[test]
fn a_settlement_that_is_served_twice_or_left_out_is_found() {
    let mut evidence = Parties::new().evidence();
    evidence["settlements"][0] = evidence["settlements"][1].clone();
    evidence["settlements"][0]["paid_now"] = "9750".into();
    assert_eq!(
        recomputed(evidence),
        Err(Contradiction::NotNewer(Signature::from([2; 64])))
    );

    let mut evidence = Parties::new().evidence();
    evidence["settlements"].as_array_mut().unwrap().pop();
    assert!(matches!(recomputed(evidence), Err(Contradiction::Differs { .. })));
}

#[test]
fn evidence_without_the_opening_proves_nothing() {
    let mut evidence = Parties::new().evidence();
    evidence["events"] = json!([]);
    assert_eq!(recomputed(evidence), Err(Contradiction::NoOpening));
}

#[test]
fn a_rekeyed_jobs_receipts_under_both_keys_are_accepted() {
    let parties = Parties::new();
    let successor = Parties {
        provider: Keypair::new(),
        tenant: parties.tenant.insecure_clone(),
    };
    let rekeyed = market::events::JobRekeyed {
        job: JOB,
        attestation_key: successor.provider.pubkey(),
    };
    let payload = [
        market::events::JobRekeyed::DISCRIMINATOR,
        &borsh::to_vec(&rekeyed).unwrap(),
    ]
    .concat();
    let mut evidence = parties.evidence();
    evidence["events"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "payload": BASE64.encode(payload) }));
    evidence["settlements"][1] = settlement(2, &successor.signed(made(2, 10_000, FLAG_FINAL)), "5850", "9750", "250");
    assert!(recomputed(evidence).is_ok());
}

/// An event as the indexer serves it.
fn logged<E: borsh::BorshSerialize + Discriminator>(event: &E) -> serde_json::Value {
    let payload = [E::DISCRIMINATOR, &borsh::to_vec(event).unwrap()].concat();
    json!({ "payload": BASE64.encode(payload) })
}

#[test]
fn receipts_under_both_session_keys_of_a_job_are_accepted_and_no_others() {
    let parties = Parties::new();
    let successor = Parties {
        provider: parties.provider.insecure_clone(),
        tenant: Keypair::new(),
    };
    let rotated = market::events::SessionRotated {
        job: JOB,
        session_key: successor.tenant.pubkey(),
        former_session_key: parties.tenant.pubkey(),
        at: 5,
    };
    let mut evidence = parties.evidence();
    evidence["settlements"][1] = settlement(2, &successor.signed(made(2, 10_000, FLAG_FINAL)), "5850", "9750", "250");
    assert!(recomputed(evidence.clone()).is_err());
    evidence["events"].as_array_mut().unwrap().push(logged(&rotated));
    assert!(recomputed(evidence).is_ok());
}

#[test]
fn the_escrow_of_an_extended_job_is_that_of_its_last_extension() {
    let parties = Parties::new();
    let mut evidence = parties.evidence();
    let escrow: u64 = evidence["job"]["escrow"].as_str().unwrap().parse().unwrap();
    let refund: u64 = evidence["job"]["refund"].as_str().unwrap().parse().unwrap();
    let extended = market::events::JobExtended {
        job: JOB,
        escrow: escrow + 1_000,
        balance: 0,
        max_duration_s: 1,
        at: 5,
    };
    evidence["job"]["escrow"] = (escrow + 1_000).to_string().into();
    evidence["job"]["refund"] = (refund + 1_000).to_string().into();
    assert!(recomputed(evidence.clone()).is_err());
    evidence["events"].as_array_mut().unwrap().push(logged(&extended));
    assert!(recomputed(evidence).is_ok());
}
