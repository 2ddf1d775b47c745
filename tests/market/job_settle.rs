//! Settling a receipt: what it claims.

use gantry_protocol::{Receipt, limits::MAX_JOB_DURATION_S, receipt::FLAG_FINAL};
use gantry_sdk::{Pubkey, address, event::Event, receipt::CoSignedReceipt};
use gantry_tests::{
    forge::exchange,
    parties::{DEPOSIT, DURATION_S, FEE_BPS, GENESIS_HASH, RATE},
    signatures::{finally, next_receipt},
    token::Mint,
    world::World,
};
use market::{MarketError, events::JobSettled, state::JobState};

/// Where `job_settle` stands in its transaction: behind the signatures.
const SETTLE: u8 = 1;

/// A running job, `seconds` after its start.
fn running_for(seconds: i64) -> (World, Pubkey) {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(seconds);
    (world, job)
}

/// The next receipt of a job, changed and then signed by both.
fn signed_with(world: &World, job: &Pubkey, change: impl FnOnce(&mut Receipt)) -> CoSignedReceipt {
    let mut receipt = next_receipt(job, &world.job(job), 1_000);
    change(&mut receipt);
    world.signed(receipt)
}

#[test]
fn a_co_signed_receipt_is_paid() {
    let (mut world, job) = running_for(90);
    let receipt = world.receipt(&job, 90_000);
    let done = world.settle(&receipt).succeeds();
    let owed = RATE * 90 / 1_000_000;
    let fee = owed * u64::from(FEE_BPS) / 10_000;
    let after = world.job(&job);
    assert_eq!((after.owed, after.paid, after.fee), (owed, owed - fee, fee));
    assert_eq!((after.sequence, after.metered_ms, after.is_final), (1, 90_000, 0));
    assert_eq!(
        (after.samples_root, after.state()),
        (receipt.receipt.samples_root, Some(JobState::Running))
    );
    assert_eq!(world.provider_has(), owed - fee);
    let settled = JobSettled {
        job,
        samples_root: receipt.receipt.samples_root,
        sequence: 1,
        metered_ms: 90_000,
        paid_now: owed - fee,
        paid: owed - fee,
        fee,
        balance: owed - fee,
        is_final: 0,
        at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::JobSettled(settled));
}

#[test]
fn a_later_receipt_pays_what_it_earns_beyond_the_earlier_one() {
    let (mut world, job) = running_for(90);
    let first = world.receipt(&job, 30_000);
    world.settle(&first).succeeds();
    let before = world.provider_has();
    let second = world.receipt(&job, 90_000);
    let Event::JobSettled(settled) = world.settle(&second).succeeds().event() else {
        panic!("another event")
    };
    let after = world.job(&job);
    assert_eq!((settled.paid_now, settled.paid), (after.paid - before, after.paid));
    assert_eq!(world.provider_has(), after.paid);
}

#[test]
fn a_receipt_may_skip_sequences() {
    let (mut world, job) = running_for(10);
    let receipt = signed_with(&world, &job, |receipt| receipt.sequence = u64::MAX);
    world.settle(&receipt).succeeds();
    assert_eq!(world.job(&job).sequence, u64::MAX);
}

#[test]
fn an_older_and_an_equal_sequence_are_refused() {
    let (mut world, job) = running_for(10);
    let fifth = signed_with(&world, &job, |receipt| receipt.sequence = 5);
    world.settle(&fifth).succeeds();
    world.settle(&fifth).is_refused_at(SETTLE, MarketError::StaleReceipt);
    for sequence in [0, 4, 5] {
        let old = signed_with(&world, &job, |receipt| {
            (receipt.sequence, receipt.metered_ms) = (sequence, 2_000)
        });
        world.settle(&old).is_refused_at(SETTLE, MarketError::StaleReceipt);
    }
}

#[test]
fn the_first_sequence_is_one() {
    let (mut world, job) = running_for(10);
    let zeroth = signed_with(&world, &job, |receipt| receipt.sequence = 0);
    world.settle(&zeroth).is_refused_at(SETTLE, MarketError::StaleReceipt);
}

#[test]
fn less_usage_than_before_is_refused_and_equal_usage_pays_nothing() {
    let (mut world, job) = running_for(10);
    let receipt = world.receipt(&job, 5_000);
    world.settle(&receipt).succeeds();
    let paid = world.provider_has();
    let less = world.receipt(&job, 4_999);
    world.settle(&less).is_refused_at(SETTLE, MarketError::UsageRegressed);
    let equal = world.receipt(&job, 5_000);
    world.settle(&equal).succeeds();
    assert_eq!(world.provider_has(), paid);
}

#[test]
fn a_receipt_of_another_cluster_is_refused() {
    let (mut world, job) = running_for(10);
    for place in [0, 31] {
        let mut genesis_hash = GENESIS_HASH;
        genesis_hash[place] ^= 1;
        let foreign = signed_with(&world, &job, |receipt| receipt.genesis_hash = genesis_hash);
        world.settle(&foreign).is_refused_at(SETTLE, MarketError::WrongCluster);
    }
}

#[test]
fn a_receipt_of_another_job_is_refused() {
    let (mut world, job) = running_for(0);
    let other = world.running_job();
    world.chain.advance(10);
    let receipt = world.receipt(&other, 5_000);
    let [signatures, settle] = world.settle_instructions(&receipt);
    let settle = exchange(settle, &other, &job);
    world
        .chain
        .send(&[signatures, settle], &[])
        .is_refused_at(SETTLE, MarketError::WrongJob);
}

#[test]
fn flags_that_version_1_does_not_know_are_refused() {
    let (mut world, job) = running_for(10);
    for flags in [2, FLAG_FINAL | 2, 1 << 63] {
        let unknown = signed_with(&world, &job, |receipt| receipt.flags = flags);
        world
            .settle(&unknown)
            .is_refused_at(SETTLE, MarketError::MalformedReceipt);
    }
}

#[test]
fn more_time_than_has_passed_since_the_start_is_refused() {
    let (mut world, job) = running_for(10);
    // Whole seconds of the chain's clock: ten by the stamps may be almost eleven.
    let ahead = world.receipt(&job, 11_001);
    world
        .settle(&ahead)
        .is_refused_at(SETTLE, MarketError::UsageExceedsElapsed);
    let receipt = world.receipt(&job, 11_000);
    world.settle(&receipt).succeeds();
}

#[test]
fn a_clock_that_steps_back_behind_the_start_lets_nothing_more_than_a_second_through() {
    let (mut world, job) = running_for(0);
    world.chain.advance(-5);
    let ahead = world.receipt(&job, 1_001);
    world
        .settle(&ahead)
        .is_refused_at(SETTLE, MarketError::UsageExceedsElapsed);
    let receipt = world.receipt(&job, 1_000);
    world.settle(&receipt).succeeds();
}

#[test]
fn more_time_than_the_job_was_rented_for_is_refused() {
    let (mut world, job) = running_for(i64::from(DURATION_S) + 10);
    let beyond = world.receipt(&job, u64::from(DURATION_S) * 1_000 + 1);
    world
        .settle(&beyond)
        .is_refused_at(SETTLE, MarketError::UsageExceedsDuration);
    let all = world.receipt(&job, u64::from(DURATION_S) * 1_000);
    world.settle(&all).succeeds();
    let after = world.job(&job);
    assert_eq!(after.owed, after.escrow);
}

#[test]
fn the_largest_time_that_a_receipt_can_claim_is_refused() {
    let (mut world, job) = running_for(i64::from(MAX_JOB_DURATION_S) * 10);
    let beyond = world.receipt(&job, u64::MAX);
    world
        .settle(&beyond)
        .is_refused_at(SETTLE, MarketError::UsageExceedsDuration);
}

#[test]
fn after_the_final_receipt_nothing_more_is_metered() {
    let (mut world, job) = running_for(10);
    let last = world.final_receipt(&job, 5_000);
    let Event::JobSettled(settled) = world.settle(&last).succeeds().event() else {
        panic!("another event")
    };
    assert_eq!((settled.is_final, world.job(&job).is_final), (1, 1));
    let more = world.receipt(&job, 5_001);
    world.settle(&more).is_refused_at(SETTLE, MarketError::WrongJobState);
    let equal = world.receipt(&job, 5_000);
    world.settle(&equal).succeeds();
    assert_eq!(world.job(&job).is_final, 1);
}

#[test]
fn a_job_that_was_not_started_or_has_ended_earns_nothing() {
    let mut world = World::new();
    let attestation = world.provider.attestation.insecure_clone();
    let open = world.open_job();
    let early = world.receipt(&open, 0);
    world.settle(&early).is_refused_at(SETTLE, MarketError::WrongJobState);
    world.cancel_by(&attestation, &open).succeeds();
    world.settle(&early).is_refused_at(SETTLE, MarketError::WrongJobState);

    let closed = world.running_job();
    world.chain.advance(10);
    world.close_by(&attestation, &closed).succeeds();
    let late = world.receipt(&closed, 10_000);
    world.settle(&late).is_refused_at(SETTLE, MarketError::WrongJobState);
    assert_eq!((world.tenant_has(), world.provider_has()), (DEPOSIT, 0));
}

#[test]
fn a_receipt_is_paid_to_the_jobs_provider_in_the_jobs_mint_alone() {
    let (mut world, job) = running_for(10);
    let (owner, usdc) = (world.provider.owner(), world.usdc.clone());
    let thief = Pubkey::new_unique();
    world.open_balance(&thief, &usdc);
    let other_mint = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other_mint).succeeds();
    world.open_balance(&owner, &other_mint);
    let receipt = world.receipt(&job, 10_000);
    let wrong = [
        address::balance(&thief, &usdc.address),
        address::balance(&world.tenant.owner(), &usdc.address),
        address::balance(&owner, &other_mint.address),
    ];
    for wrong in wrong {
        let [signatures, settle] = world.settle_instructions(&receipt);
        let settle = exchange(settle, &address::balance(&owner, &usdc.address), &wrong);
        world
            .chain
            .send(&[signatures, settle], &[])
            .is_refused_at(SETTLE, MarketError::WrongBalance);
    }
}

#[test]
fn receipts_of_two_jobs_are_settled_in_one_transaction() {
    let (mut world, first) = running_for(0);
    let second = world.running_job();
    world.chain.advance(10);
    let receipts = [world.receipt(&first, 9_000), world.final_receipt(&second, 10_000)];
    let instructions: Vec<_> = receipts
        .iter()
        .flat_map(|receipt| world.settle_instructions(receipt))
        .collect();
    let done = world.chain.send(&instructions, &[]).succeeds();
    assert_eq!(done.events().len(), 2);
    assert_eq!(world.provider_has(), world.job(&first).paid + world.job(&second).paid);
}

#[test]
fn two_receipts_of_one_job_are_settled_in_order_in_one_transaction() {
    let (mut world, job) = running_for(10);
    let first = world.receipt(&job, 4_000);
    let second = signed_with(&world, &job, |receipt| {
        (receipt.sequence, receipt.metered_ms) = (2, 9_000)
    });
    let [a, b] = world.settle_instructions(&first);
    let [c, d] = world.settle_instructions(&second);
    world
        .chain
        .send(&[c.clone(), d.clone(), a.clone(), b.clone()], &[])
        .is_refused_at(3, MarketError::StaleReceipt);
    world.chain.send(&[a, b, c, d], &[]).succeeds();
    assert_eq!(world.job(&job).metered_ms, 9_000);
}

#[test]
fn the_same_receipt_twice_in_one_transaction_is_refused() {
    let (mut world, job) = running_for(10);
    let receipt = world.receipt(&job, 9_000);
    let [signatures, settle] = world.settle_instructions(&receipt);
    let twice = [signatures.clone(), settle.clone(), signatures, settle];
    world
        .chain
        .send(&twice, &[])
        .is_refused_at(3, MarketError::StaleReceipt);
}

#[test]
fn settling_writes_the_job_and_the_providers_balance_and_reads_nothing_that_jobs_share() {
    let (world, job) = running_for(10);
    let [_, settle] = world.settle_instructions(&world.receipt(&job, 1));
    let writable: Vec<_> = settle.accounts.iter().filter(|account| account.is_writable).collect();
    assert_eq!(writable.len(), 2);
    assert_eq!(
        (writable[0].pubkey, writable[1].pubkey.to_bytes()),
        (
            job,
            address::balance(&world.provider.owner(), &world.usdc.address).to_bytes()
        )
    );
}

#[test]
fn a_final_receipt_of_a_stopped_job_lets_it_close_inside_the_grace_window() {
    let (mut world, job) = running_for(10);
    world.stop(&job).succeeds();
    let last = world.signed(finally(next_receipt(&job, &world.job(&job), 10_000)));
    world.settle(&last).succeeds();
    world.close(&job).succeeds();
}
