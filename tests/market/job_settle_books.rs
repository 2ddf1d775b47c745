//! Settling a receipt of a job whose books do not add up. No transaction leads here; if one ever did, nothing would be paid.

use gantry_protocol::limits::MAX_JOB_DURATION_S;
use gantry_sdk::{Pubkey, address, receipt::CoSignedReceipt};
use gantry_tests::{outcome::Outcome, world::World};
use market::{
    MarketError,
    state::{Balance, Job},
};

/// Where `job_settle` stands in its transaction: behind the signatures.
const SETTLE: u8 = 1;

/// A job that has run for ten seconds.
fn running() -> (World, Pubkey) {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(10);
    (world, job)
}

fn settle(world: &World, receipt: &CoSignedReceipt) -> Outcome {
    world
        .chain
        .simulate_unreachable(&world.settle_instructions(receipt), &[])
}

/// What becomes of a receipt of ten seconds when the job was changed behind the program's back.
fn settle_with(change: impl FnOnce(&mut Job)) -> Outcome {
    let (mut world, job) = running();
    let receipt = world.receipt(&job, 10_000);
    world.chain.alter(&job, change);
    settle(&world, &receipt)
}

#[test]
fn a_job_that_was_paid_more_than_it_owes_is_not_settled() {
    settle_with(|job| job.paid = u64::MAX / 2).is_refused_at(SETTLE, MarketError::UsageRegressed);
}

#[test]
fn a_bill_above_the_escrow_is_not_settled() {
    settle_with(|job| job.escrow = 0).is_refused_at(SETTLE, MarketError::AmountOverflow);
}

#[test]
fn a_bill_that_leaves_less_than_was_refunded_is_not_settled() {
    settle_with(|job| job.refund = job.escrow).is_refused_at(SETTLE, MarketError::AmountOverflow);
}

#[test]
fn a_bill_beyond_64_bits_is_not_settled() {
    let (mut world, job) = running();
    world.chain.alter::<Job>(&job, |job| {
        (job.rate, job.escrow) = (u64::MAX, u64::MAX);
        job.max_duration_s = MAX_JOB_DURATION_S;
    });
    // The rate is in micro-atoms per second, so a million seconds cost as many atoms as it says: the most that 64 bits hold.
    world.chain.advance(1_000_001);
    let most = world.receipt(&job, 1_000_000_000);
    settle(&world, &most).succeeds();
    let more = world.receipt(&job, 1_000_000_001);
    settle(&world, &more).is_refused_at(SETTLE, MarketError::AmountOverflow);
}

#[test]
fn a_fee_above_the_whole_is_not_settled() {
    settle_with(|job| job.fee_bps = 10_001).is_refused_at(SETTLE, MarketError::ParameterOutOfRange);
}

#[test]
fn a_state_that_no_instruction_writes_is_not_settled() {
    for state in [0, 6, u8::MAX] {
        settle_with(|job| job.state = state).is_refused_at(SETTLE, MarketError::WrongJobState);
    }
}

#[test]
fn a_providers_balance_that_would_leave_64_bits_is_not_paid_into() {
    let (mut world, job) = running();
    let receipt = world.receipt(&job, 10_000);
    let balance = address::balance(&world.provider.owner(), &world.usdc.address);
    world
        .chain
        .alter::<Balance>(&balance, |balance| balance.amount = u64::MAX);
    settle(&world, &receipt).is_refused_at(SETTLE, MarketError::AmountOverflow);
}
