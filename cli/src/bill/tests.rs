use gantry_sdk::{
    Keypair, Signature, Signer,
    account::Layout,
    address,
    protocol::{Atoms, Bill, Receipt, receipt::FLAG_FINAL},
    receipt::{self, CoSignedReceipt, ProviderReceipt},
    verify::VerifiedClaim,
};

use super::*;

fn receipt() -> CoSignedReceipt {
    let (provider, tenant) = (Keypair::new(), Keypair::new());
    let made = Receipt {
        genesis_hash: [1; 32],
        job: [3; 32],
        sequence: 7,
        metered_ms: 3_210,
        time_ms: 0,
        flags: FLAG_FINAL,
        samples_root: [0; 32],
    };
    CoSignedReceipt {
        receipt: made,
        provider_key: provider.pubkey(),
        provider_signature: receipt::sign(&provider, &made),
        tenant_key: tenant.pubkey(),
        tenant_signature: receipt::sign(&tenant, &made),
    }
}

/// An account of zeros.
fn blank<T: Layout>() -> T {
    T::read(&[T::DISCRIMINATOR, &vec![0; size_of::<T>()]].concat()).unwrap()
}

/// The bill of a job that is over.
pub(crate) fn closed_bill() -> ChainBill {
    bill(JobState::Closed)
}

/// 3.21 s at 2.52 tokens per hour.
fn bill(state: JobState) -> ChainBill {
    let mut job: Job = blank();
    (job.gpus, job.sequence, job.is_final) = (1, 7, 1);
    let settlement = VerifiedSettlement {
        signature: Signature::from([9; 64]),
        slot: 5,
        compute_units: Some(700),
        receipt: receipt(),
        paid_now: 2_191,
        paid: 2_191,
        fee: 56,
    };
    let transaction = |signature: u8, units| JobTransaction {
        signature: Signature::from([signature; 64]),
        slot: u64::from(signature),
        compute_units: Some(units),
        network_fee_lamports: 5_000,
        instructions: vec![],
        events: vec![],
    };
    ChainBill {
        job,
        mint: Mint {
            address: Pubkey::new_from_array([5; 32]),
            name: "the mint".into(),
            decimals: 6,
            token_program: address::TOKEN_PROGRAM,
            enabled: true,
        },
        bill: VerifiedBill {
            job: Pubkey::new_from_array([3; 32]),
            state,
            rate: 700_000_000,
            fee_bps: 250,
            escrow: 84_000,
            metered_ms: 3_210,
            bill: Bill {
                owed: Atoms(2_247),
                paid: Atoms(2_191),
                fee: Atoms(56),
                refund: Atoms(81_753),
            },
            settlements: vec![settlement],
            claims: vec![],
        },
        simulated: Some(true),
        transactions: vec![transaction(8, 20_000), transaction(9, 700)],
    }
}

#[test]
fn machines_get_every_sum_as_a_string_of_base_units_and_in_tokens() {
    let object = bill(JobState::Closed).object();
    for (field, expected) in [
        ("state", "closed"),
        ("metered_ms", "3210"),
        ("rate", "700000000"),
        ("escrow", "84000"),
        ("owed", "2247"),
        ("paid", "2191"),
        ("fee", "56"),
        ("refund", "81753"),
        ("receipts", "7"),
        ("compute_units", "20700"),
    ] {
        assert_eq!(object[field], expected, "{field}");
    }
    assert_eq!(object["tokens"]["refund"], "0.081753");
    assert_eq!(object["settlements"][0]["sequence"], "7");
    assert_eq!(object["settlements"][0]["compute_units"], "700");
    assert_eq!(object["transactions"][1]["network_fee_lamports"], "5000");
}

#[test]
fn people_see_what_was_paid_that_the_gpu_is_simulated_and_who_signed() {
    let closed = bill(JobState::Closed);
    let text = closed.text();
    let signed = &closed.bill.settlements[0].receipt;
    for part in [
        "2.52 per hour for 1 simulated GPU",
        "3210 ms (3.21 s)",
        "0.002247",
        "(2.50 %)",
        "Refund",
        "0.081753",
        &signed.provider_signature.to_string(),
        &signed.tenant_signature.to_string(),
        &Signature::from([8; 64]).to_string(),
    ] {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn a_living_jobs_rest_is_not_called_a_refund_yet() {
    let text = bill(JobState::Running).text();
    assert!(text.contains("Unused so far") && !text.contains("Refund"), "{text}");
}

#[test]
fn what_the_provider_claimed_alone_is_told_apart_from_what_both_sides_signed() {
    let mut shown = bill(JobState::Closed);
    let signed = &shown.bill.settlements[0].receipt;
    let receipt = ProviderReceipt {
        receipt: Receipt {
            sequence: 8,
            metered_ms: 4_000,
            ..signed.receipt
        },
        key: signed.provider_key,
        signature: signed.provider_signature,
    };
    shown.bill.claims.push(VerifiedClaim {
        signature: shown.transactions[0].signature,
        slot: 9,
        receipt,
        paid_now: 546,
    });
    let text = shown.text();
    assert!(
        text.contains("Claimed by the provider alone: receipt 8, up to 4000 ms, 0.000546"),
        "{text}"
    );
    let claim = &shown.object()["claims"][0];
    assert_eq!((&claim["sequence"], &claim["paid_now"]), (&"8".into(), &"546".into()));
}
