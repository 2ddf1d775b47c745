//! Cancelling a job that was not started.

use anchor_lang::ErrorCode;
use gantry_sdk::{Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    parties::{DEPOSIT, GPUS, Provider, START_DEADLINE_S},
    world::World,
};
use market::{MarketError, events::JobCancelled, state::JobState};

#[test]
fn after_the_start_deadline_anyone_returns_the_whole_escrow() {
    let mut world = World::new();
    let job = world.open_job();
    world.chain.advance(i64::from(START_DEADLINE_S));
    world.cancel(&job).is_refused(MarketError::StartDeadlineNotPassed);
    world.chain.advance(1);
    let done = world.cancel(&job).succeeds();
    let after = world.job(&job);
    assert_eq!((after.state(), after.refund), (Some(JobState::Cancelled), after.escrow));
    assert_eq!((after.ended_at, after.held()), (world.chain.now(), 0));
    assert_eq!(
        (world.tenant_has(), world.node().gpus_free, world.stake().reserved),
        (DEPOSIT, GPUS, 0)
    );
    let cancelled = JobCancelled {
        job,
        refund: after.refund,
        balance: DEPOSIT,
        at: after.ended_at,
        gpus_free: u64::from(GPUS),
    };
    assert_eq!(done.events()[1], Event::JobCancelled(cancelled));
}

#[test]
fn the_attestation_key_declines_a_job_at_once() {
    let mut world = World::new();
    let job = world.open_job();
    let attestation = world.provider.attestation.insecure_clone();
    world.cancel_by(&attestation, &job).succeeds();
    assert_eq!(world.tenant_has(), DEPOSIT);
}

#[test]
fn the_tenant_waits_for_the_start_deadline_like_anyone() {
    let mut world = World::new();
    let job = world.open_job();
    let wallet = world.tenant.wallet.insecure_clone();
    world
        .cancel_by(&wallet, &job)
        .is_refused(MarketError::StartDeadlineNotPassed);
}

#[test]
fn a_job_that_was_started_is_not_cancelled() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(i64::from(START_DEADLINE_S) + 1);
    world.cancel(&job).is_refused(MarketError::WrongJobState);
    world.stop(&job).succeeds();
    world.cancel(&job).is_refused(MarketError::WrongJobState);
}

#[test]
fn a_job_is_cancelled_once() {
    let mut world = World::new();
    let job = world.open_job();
    let attestation = world.provider.attestation.insecure_clone();
    world.cancel_by(&attestation, &job).succeeds();
    world
        .cancel_by(&attestation, &job)
        .is_refused(MarketError::WrongJobState);
}

#[test]
fn the_refund_goes_to_the_tenants_balance_alone() {
    let mut world = World::new();
    let job = world.open_job();
    let usdc = world.usdc.address;
    let cancel = instruction::job_cancel(world.provider.attestation.pubkey(), job, &world.job(&job));
    let tenant = address::balance(&world.tenant.owner(), &usdc);
    let cancel = exchange(cancel, &tenant, &address::balance(&world.provider.owner(), &usdc));
    world
        .chain
        .send(&[cancel], &[&world.provider.attestation])
        .is_refused(MarketError::WrongBalance);
}

#[test]
fn gpus_and_stake_go_back_where_they_came_from() {
    let mut world = World::new();
    let job = world.open_job();
    let other = Provider::new();
    world.admit(&other);
    let cancel = instruction::job_cancel(world.provider.attestation.pubkey(), job, &world.job(&job));
    let wrong_node = exchange(cancel.clone(), &world.node_address(), &other.node(0));
    world
        .chain
        .send(&[wrong_node], &[&world.provider.attestation])
        .is_refused(ErrorCode::ConstraintAddress);
    let own = address::stake(&world.provider.owner());
    let wrong_stake = exchange(cancel, &own, &address::stake(&other.owner()));
    world
        .chain
        .send(&[wrong_stake], &[&world.provider.attestation])
        .is_refused(MarketError::WrongStake);
}
