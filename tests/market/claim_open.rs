//! Claiming what the provider's own receipt alone shows.

use std::slice;

use gantry_protocol::{Atoms, Bps, Metered, Rate, Receipt, billing, limits::CHALLENGE_WINDOW_S};
use gantry_sdk::{
    Keypair, Pubkey, Signer, address,
    event::Event,
    instruction::market as instruction,
    receipt::{ProviderReceipt, sign},
};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{DURATION_S, FEE_BPS, GRACE_WINDOW_S, RATE},
    signatures::next_receipt,
    world::World,
};
use market::{MarketError, events::ClaimOpened, state::Claim};
use solana_instruction::error::InstructionError;

const GRACE_MS: u64 = GRACE_WINDOW_S as u64 * 1_000;

/// What a provider earns in this many milliseconds of an ordinary job.
fn earned(metered_ms: u64) -> u64 {
    let owed = billing::owed(Rate(RATE), Metered(metered_ms)).unwrap();
    let (Atoms(paid), _) = billing::split(owed, Bps::new(FEE_BPS).unwrap());
    paid
}

/// A job that both sides have settled up to a minute, after two; the tenant has fallen silent.
fn silent() -> (World, Pubkey) {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(120);
    let receipt = world.receipt(&job, 60_000);
    world.settle(&receipt).succeeds();
    (world, job)
}

fn signed_by(key: &Keypair, receipt: Receipt) -> ProviderReceipt {
    ProviderReceipt {
        receipt,
        key: key.pubkey(),
        signature: sign(key, &receipt),
    }
}

fn claim(world: &mut World, job: &Pubkey, metered_ms: u64) -> Outcome {
    let receipt = next_receipt(job, &world.job(job), metered_ms);
    claim_over(world, job, receipt)
}

fn claim_over(world: &mut World, job: &Pubkey, receipt: Receipt) -> Outcome {
    let receipt = signed_by(&world.provider.attestation, receipt);
    let open = instruction::claim_open(&receipt, &world.job(job));
    world.chain.send(&open, &[&world.provider.attestation])
}

#[test]
fn a_claim_waits_with_a_bond_of_as_much_as_it_would_earn() {
    let (mut world, job) = silent();
    let before = world.provider_has();
    let done = claim(&mut world, &job, 60_000 + GRACE_MS).succeeds();
    let bond = earned(60_000 + GRACE_MS) - earned(60_000);
    assert_eq!(world.provider_has(), before - bond);
    let claim: Claim = world.chain.get(&address::claim(&job));
    assert_eq!((claim.bond, claim.sequence, claim.metered_ms), (bond, 2, 90_000));
    let account = world.job(&job);
    assert_eq!((account.claimed, account.metered_ms, account.sequence), (1, 60_000, 1));
    let payable_at = world.chain.now() + i64::from(CHALLENGE_WINDOW_S);
    let opened = ClaimOpened {
        job,
        samples_root: claim.samples_root,
        sequence: 2,
        metered_ms: 90_000,
        bond,
        balance: world.provider_has(),
        payable_at,
        payer: world.provider.attestation.pubkey(),
    };
    assert_eq!(done.event(), Event::ClaimOpened(opened));
}

#[test]
fn a_claim_reaches_at_most_the_grace_window_beyond_the_last_co_signed_receipt() {
    let (mut world, job) = silent();
    claim(&mut world, &job, 60_000 + GRACE_MS + 1).is_refused_at(1, MarketError::ClaimExceedsGrace);
    claim(&mut world, &job, 60_000 + GRACE_MS).succeeds();
}

#[test]
fn one_claim_after_the_other_reaches_no_further_than_the_first() {
    let (mut world, job) = silent();
    claim(&mut world, &job, 60_000 + GRACE_MS).succeeds();
    world.chain.advance(i64::from(CHALLENGE_WINDOW_S));
    let account: Claim = world.chain.get(&address::claim(&job));
    let settle = instruction::claim_settle(&account, &world.job(&job));
    world.chain.send(&[settle], &[]).succeeds();
    assert_eq!(world.job(&job).metered_ms, 60_000 + GRACE_MS);
    claim(&mut world, &job, 60_000 + GRACE_MS + 1).is_refused_at(1, MarketError::ClaimExceedsGrace);
    claim(&mut world, &job, 60_000 + GRACE_MS).is_refused_at(1, MarketError::ZeroAmount);
}

#[test]
fn a_claim_exceeds_neither_the_time_since_the_start_nor_until_the_stop_nor_the_rented_time() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(10);
    claim(&mut world, &job, 11_001).is_refused_at(1, MarketError::UsageExceedsElapsed);
    world.stop(&job).succeeds();
    world.chain.advance(5);
    claim(&mut world, &job, 11_001).is_refused_at(1, MarketError::UsageExceedsElapsed);

    let job = world.running_job();
    world.chain.advance(i64::from(DURATION_S));
    let nearly = world.receipt(&job, u64::from(DURATION_S) * 1_000 - 1);
    world.settle(&nearly).succeeds();
    claim(&mut world, &job, u64::from(DURATION_S) * 1_000 + 1).is_refused_at(1, MarketError::UsageExceedsDuration);
}

#[test]
fn a_second_claim_waits_for_the_first() {
    let (mut world, job) = silent();
    claim(&mut world, &job, 70_000).succeeds();
    // The address is taken before the program looks at the job.
    claim(&mut world, &job, 80_000).is_refused_at(1, InstructionError::Custom(0));
}

#[test]
fn a_job_with_a_waiting_claim_cannot_be_closed_by_anyone() {
    let (mut world, job) = silent();
    claim(&mut world, &job, 70_000).succeeds();
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).is_refused(MarketError::ClaimWaiting);
    world.stop(&job).succeeds();
    world.chain.advance(i64::from(GRACE_WINDOW_S) + 1);
    world.close(&job).is_refused(MarketError::ClaimWaiting);
}

#[test]
fn a_claim_is_possible_until_the_grace_window_after_the_end_and_not_after_the_final_receipt() {
    for (late_s, possible) in [(0, true), (1, false)] {
        let (mut world, job) = silent();
        world.stop(&job).succeeds();
        world.chain.advance(i64::from(GRACE_WINDOW_S) + late_s);
        let outcome = claim(&mut world, &job, 70_000);
        if possible {
            outcome.succeeds();
        } else {
            outcome.is_refused_at(1, MarketError::ClaimTooLate);
        }
    }
    let (mut world, job) = silent();
    let last = world.final_receipt(&job, 61_000);
    world.settle(&last).succeeds();
    claim(&mut world, &job, 70_000).is_refused_at(1, MarketError::ClaimTooLate);
}

#[test]
fn a_job_that_was_not_started_or_has_ended_takes_no_claim() {
    let mut world = World::new();
    let job = world.open_job();
    claim(&mut world, &job, 1_000).is_refused_at(1, MarketError::WrongJobState);
    let (mut world, job) = silent();
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).succeeds();
    claim(&mut world, &job, 70_000).is_refused_at(1, MarketError::WrongJobState);
}

#[test]
fn a_claim_that_would_earn_nothing_or_less_is_refused() {
    let (mut world, job) = silent();
    claim(&mut world, &job, 60_000).is_refused_at(1, MarketError::ZeroAmount);
    claim(&mut world, &job, 59_999).is_refused_at(1, MarketError::UsageRegressed);
    let stale = Receipt {
        sequence: 1,
        ..next_receipt(&job, &world.job(&job), 70_000)
    };
    claim_over(&mut world, &job, stale).is_refused_at(1, MarketError::StaleReceipt);
}

#[test]
fn a_provider_that_cannot_pay_the_bond_cannot_claim() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(20);
    claim(&mut world, &job, 20_000).is_refused_at(1, MarketError::InsufficientBalance);
}

#[test]
fn only_the_attestation_key_claims_and_only_over_its_own_receipt() {
    let (mut world, job) = silent();
    let receipt = next_receipt(&job, &world.job(&job), 70_000);
    let other = key::fresh();
    world.chain.fund(&other.pubkey());
    let forged = signed_by(&other, receipt);
    let open = instruction::claim_open(&forged, &world.job(&job));
    world
        .chain
        .send(&open, &[&other])
        .is_refused_at(1, MarketError::NotAttestationKey);
    let own = world.provider.attestation.insecure_clone();
    let [signature, call] = open;
    let call = exchange(call, &other.pubkey(), &own.pubkey());
    world
        .chain
        .send(&[signature, call.clone()], &[&own])
        .is_refused_at(1, MarketError::WrongSigner);
    world
        .chain
        .send(slice::from_ref(&call), &[&own])
        .is_refused(MarketError::MissingSignatures);
    let co_signed = world.receipt(&job, 70_000).ed25519_instruction();
    world
        .chain
        .send(&[co_signed, call], &[&own])
        .is_refused_at(1, MarketError::SignaturesNotCanonical);
}

#[test]
fn a_receipt_of_another_job_or_cluster_is_no_claim() {
    let (mut world, job) = silent();
    let receipt = next_receipt(&job, &world.job(&job), 70_000);
    world.heartbeat().succeeds();
    let other = world.running_job();
    let own = world.provider.attestation.insecure_clone();
    for (wrong, error) in [
        (
            Receipt {
                job: other.to_bytes(),
                ..receipt
            },
            MarketError::WrongJob,
        ),
        (
            Receipt {
                genesis_hash: [9; 32],
                ..receipt
            },
            MarketError::WrongCluster,
        ),
    ] {
        let [_, call] = instruction::claim_open(&signed_by(&own, receipt), &world.job(&job));
        let signature = signed_by(&own, wrong).ed25519_instruction();
        world.chain.send(&[signature, call], &[&own]).is_refused_at(1, error);
    }
}
