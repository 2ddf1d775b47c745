//! Paying a claim.

use std::slice;

use gantry_protocol::{Receipt, limits::CHALLENGE_WINDOW_S};
use gantry_sdk::{
    Pubkey, Signer, address,
    event::Event,
    instruction::market as instruction,
    receipt::{ProviderReceipt, sign},
};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{GRACE_WINDOW_S, Tenant},
    signatures::next_receipt,
    world::World,
};
use market::{
    MarketError,
    events::ClaimSettled,
    state::{Claim, JobState},
};
use solana_instruction::error::InstructionError;

/// A job settled up to a minute, with a claim for twenty seconds more.
fn claimed() -> (World, Pubkey) {
    claimed_with(2)
}

/// The same; the claim's receipt has this sequence.
fn claimed_with(sequence: u64) -> (World, Pubkey) {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(120);
    let receipt = world.receipt(&job, 60_000);
    world.settle(&receipt).succeeds();
    let receipt = Receipt {
        sequence,
        ..next_receipt(&job, &world.job(&job), 80_000)
    };
    let key = &world.provider.attestation;
    let receipt = ProviderReceipt {
        receipt,
        key: key.pubkey(),
        signature: sign(key, &receipt),
    };
    let open = instruction::claim_open(&receipt, &world.job(&job));
    world.chain.send(&open, &[&world.provider.attestation]).succeeds();
    (world, job)
}

fn settle(world: &mut World, job: &Pubkey) -> Outcome {
    let claim: Claim = world.chain.get(&address::claim(job));
    let settle = instruction::claim_settle(&claim, &world.job(job));
    world.chain.send(&[settle], &[])
}

fn exists(world: &World, job: &Pubkey) -> bool {
    world.chain.account(&address::claim(job)).is_some()
}

#[test]
fn after_the_challenge_window_anyone_pays_the_claim_and_the_bond_goes_back() {
    let (mut world, job) = claimed();
    let (before, claim) = (world.provider_has(), world.chain.get::<Claim>(&address::claim(&job)));
    let lamports = world.chain.account(&address::claim(&job)).unwrap().lamports;
    let payer = world.provider.attestation.pubkey();
    let had = world.chain.account(&payer).unwrap().lamports;
    world.chain.advance(i64::from(CHALLENGE_WINDOW_S));
    let done = settle(&mut world, &job).succeeds();
    let after = world.job(&job);
    assert_eq!(
        (after.sequence, after.metered_ms, after.co_signed_ms),
        (2, 80_000, 60_000)
    );
    assert_eq!((after.claimed, after.samples_root), (0, claim.samples_root));
    // The bond was as much as the claim earned.
    assert_eq!(world.provider_has(), before + 2 * claim.bond);
    assert!(!exists(&world, &job));
    assert_eq!(world.chain.account(&payer).unwrap().lamports, had + lamports);
    let settled = ClaimSettled {
        job,
        samples_root: claim.samples_root,
        sequence: 2,
        metered_ms: 80_000,
        paid_now: claim.bond,
        paid: after.paid,
        fee: after.fee,
        bond: claim.bond,
        balance: world.provider_has(),
        at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::ClaimSettled(settled));
}

#[test]
fn a_second_before_the_end_of_the_challenge_window_nothing_is_paid() {
    let (mut world, job) = claimed();
    world.chain.advance(i64::from(CHALLENGE_WINDOW_S) - 1);
    settle(&mut world, &job).is_refused(MarketError::ChallengeWindowOpen);
    world.chain.advance(1);
    settle(&mut world, &job).succeeds();
}

#[test]
fn a_tenant_that_signs_as_much_meanwhile_makes_the_claim_needless_at_once() {
    let (mut world, job) = claimed();
    let before = world.provider_has();
    let bond = world.chain.get::<Claim>(&address::claim(&job)).bond;
    let receipt = world.receipt(&job, 80_000);
    world.settle(&receipt).succeeds();
    let done = settle(&mut world, &job).succeeds();
    let Event::ClaimSettled(settled) = done.event() else {
        panic!("another event")
    };
    assert_eq!((settled.paid_now, settled.bond), (0, bond));
    assert_eq!(
        world.provider_has(),
        before + 2 * bond,
        "once for the receipt, once for the bond"
    );
    assert_eq!(world.job(&job).co_signed_ms, 80_000);
}

#[test]
fn a_claim_and_the_settlements_around_it_pay_what_one_settlement_would() {
    let (mut world, job) = claimed();
    world.chain.advance(i64::from(CHALLENGE_WINDOW_S));
    settle(&mut world, &job).succeeds();
    let last = world.final_receipt(&job, 110_000);
    world.settle(&last).succeeds();
    world.close(&job).succeeds();

    let mut other = World::new();
    let at_once = other.running_job();
    other.chain.advance(120);
    let last = other.final_receipt(&at_once, 110_000);
    other.settle(&last).succeeds();
    other.close(&at_once).succeeds();
    let of = |world: &World, job: &Pubkey| {
        let job = world.job(job);
        (job.owed, job.paid, job.fee, job.refund)
    };
    assert_eq!(of(&world, &job), of(&other, &at_once));
    assert_eq!(world.provider_has(), other.provider_has());
}

#[test]
fn once_the_claim_is_settled_the_job_can_be_closed() {
    let (mut world, job) = claimed();
    world.stop(&job).succeeds();
    world
        .chain
        .advance(i64::from(CHALLENGE_WINDOW_S.max(GRACE_WINDOW_S)) + 1);
    let claim: Claim = world.chain.get(&address::claim(&job));
    let account = world.job(&job);
    let caller = key::fresh();
    let both = [
        instruction::claim_settle(&claim, &account),
        instruction::job_close(caller.pubkey(), job, &account),
    ];
    world.chain.send(&both, &[&caller]).succeeds();
    assert_eq!(world.job(&job).state(), Some(JobState::Closed));
}

#[test]
fn a_claim_is_settled_once() {
    let (mut world, job) = claimed();
    world.chain.advance(i64::from(CHALLENGE_WINDOW_S));
    let claim: Claim = world.chain.get(&address::claim(&job));
    let call = instruction::claim_settle(&claim, &world.job(&job));
    world.chain.send(slice::from_ref(&call), &[]).succeeds();
    world
        .chain
        .send(&[call], &[])
        .is_refused(InstructionError::AccountDataTooSmall);
}

#[test]
fn pay_goes_to_the_provider_and_rent_to_who_paid_it_alone() {
    let (mut world, job) = claimed();
    world.chain.advance(i64::from(CHALLENGE_WINDOW_S));
    let claim: Claim = world.chain.get(&address::claim(&job));
    let account = world.job(&job);
    let call = instruction::claim_settle(&claim, &account);
    let usdc = world.usdc.address;
    let stranger = Tenant::new();
    world.chain.fund(&stranger.owner());
    let balance = |owner: &Pubkey| address::balance(owner, &usdc);
    let to_tenant = exchange(call.clone(), &balance(&account.provider), &balance(&account.tenant));
    world
        .chain
        .send(&[to_tenant], &[])
        .is_refused(MarketError::WrongBalance);
    let rent_elsewhere = exchange(call, &claim.payer, &stranger.owner());
    world
        .chain
        .send(&[rent_elsewhere], &[])
        .is_refused(anchor_lang::ErrorCode::ConstraintAddress);
}

#[test]
fn a_claim_earns_nothing_once_both_sides_signed_that_nothing_more_is_metered() {
    let (mut world, job) = claimed_with(3);
    let before = world.provider_has();
    let bond = world.chain.get::<Claim>(&address::claim(&job)).bond;
    let last = world.final_receipt(&job, 60_000);
    world.settle(&last).succeeds();
    world.chain.advance(i64::from(CHALLENGE_WINDOW_S));
    settle(&mut world, &job).succeeds();
    assert_eq!(world.job(&job).metered_ms, 60_000);
    assert_eq!(world.provider_has(), before + bond);
}
