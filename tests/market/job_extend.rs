//! Renting for longer.

use gantry_protocol::{Atoms, Metered, Rate, billing, limits::MAX_JOB_DURATION_S};
use gantry_sdk::{Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    outcome::Outcome,
    parties::{DEPOSIT, DURATION_S, RATE, Tenant},
    world::World,
};
use market::{MarketError, events::JobExtended};

fn extend(world: &mut World, job: &Pubkey, max_duration_s: u32) -> Outcome {
    let extend = instruction::job_extend(*job, &world.job(job), max_duration_s);
    world.chain.send(&[extend], &[&world.tenant.wallet])
}

/// What so many seconds of an ordinary job cost.
fn cost(seconds: u32) -> u64 {
    let Atoms(cost) = billing::owed(Rate(RATE), Metered(u64::from(seconds) * 1_000)).unwrap();
    cost
}

#[test]
fn the_escrow_grows_by_what_the_added_time_costs() {
    let mut world = World::new();
    let job = world.running_job();
    let before = world.tenant_has();
    let done = extend(&mut world, &job, 3 * DURATION_S).succeeds();
    let after = world.job(&job);
    assert_eq!(
        (after.max_duration_s, after.escrow),
        (3 * DURATION_S, cost(3 * DURATION_S))
    );
    assert_eq!(world.tenant_has(), before - (cost(3 * DURATION_S) - cost(DURATION_S)));
    let extended = JobExtended {
        job,
        escrow: after.escrow,
        balance: world.tenant_has(),
        max_duration_s: u64::from(3 * DURATION_S),
        at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::JobExtended(extended));
}

#[test]
fn a_job_extended_in_many_steps_costs_what_one_opening_would() {
    let mut world = World::new();
    let job = world.running_job();
    for seconds in [DURATION_S + 1, DURATION_S + 2, DURATION_S + 7, 2 * DURATION_S] {
        extend(&mut world, &job, seconds).succeeds();
    }
    assert_eq!(world.job(&job).escrow, cost(2 * DURATION_S));
    assert_eq!(world.tenant_has(), DEPOSIT - cost(2 * DURATION_S));
}

#[test]
fn the_added_time_is_paid_when_it_is_used_and_refunded_when_not() {
    let mut world = World::new();
    let job = world.running_job();
    extend(&mut world, &job, 3 * DURATION_S).succeeds();
    world.chain.advance(i64::from(2 * DURATION_S));
    let last = world.final_receipt(&job, u64::from(2 * DURATION_S) * 1_000);
    world.settle(&last).succeeds();
    world.close(&job).succeeds();
    let after = world.job(&job);
    assert_eq!(after.owed, cost(2 * DURATION_S));
    assert_eq!(after.refund, cost(3 * DURATION_S) - cost(2 * DURATION_S));
    assert_eq!(world.tenant_has(), DEPOSIT - cost(2 * DURATION_S));
}

#[test]
fn a_job_that_waits_for_its_start_is_extended_too() {
    let mut world = World::new();
    let job = world.open_job();
    extend(&mut world, &job, DURATION_S + 1).succeeds();
    world.start(&job).succeeds();
}

#[test]
fn as_long_as_before_or_shorter_is_refused() {
    let mut world = World::new();
    let job = world.running_job();
    for seconds in [DURATION_S, DURATION_S - 1, 1] {
        extend(&mut world, &job, seconds).is_refused(MarketError::NotLonger);
    }
}

#[test]
fn a_job_is_extended_until_its_rented_time_is_over_to_the_second() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(i64::from(DURATION_S));
    extend(&mut world, &job, DURATION_S + 60).succeeds();
    world.chain.advance(61);
    extend(&mut world, &job, 2 * DURATION_S).is_refused(MarketError::JobExpired);
}

#[test]
fn a_job_that_is_stopped_final_or_ended_is_not_extended() {
    let mut world = World::new();
    let (stopped, last, ended) = (world.running_job(), world.running_job(), world.running_job());
    world.stop(&stopped).succeeds();
    let receipt = world.final_receipt(&last, 0);
    world.settle(&receipt).succeeds();
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &ended).succeeds();
    for job in [stopped, last, ended] {
        extend(&mut world, &job, 2 * DURATION_S).is_refused(MarketError::WrongJobState);
    }
}

#[test]
fn the_nodes_present_longest_duration_is_the_limit_and_a_retired_node_extends_nothing() {
    let mut world = World::new();
    let job = world.running_job();
    let (owner, node) = (world.provider.owner(), world.node_address());
    let update = |world: &mut World, active| {
        let update = instruction::node_update(owner, node, 1, 2 * DURATION_S, active);
        world.chain.send(&[update], &[&world.provider.wallet]).succeeds();
    };
    update(&mut world, true);
    for seconds in [2 * DURATION_S + 1, MAX_JOB_DURATION_S, u32::MAX] {
        extend(&mut world, &job, seconds).is_refused(MarketError::DurationOutOfRange);
    }
    update(&mut world, false);
    extend(&mut world, &job, 2 * DURATION_S).is_refused(MarketError::NodeInactive);
    update(&mut world, true);
    extend(&mut world, &job, 2 * DURATION_S).succeeds();
}

#[test]
fn a_tenant_without_the_money_extends_nothing() {
    let mut world = World::new();
    let job = world.running_job();
    let tenant = world.tenant.owner();
    let usdc = world.usdc.clone();
    let account = usdc.account_of(&mut world.chain, &tenant);
    let rest = world.tenant_has();
    let withdraw = instruction::balance_withdraw(tenant, usdc.address, account, usdc.token_program, rest);
    world.chain.send(&[withdraw], &[&world.tenant.wallet]).succeeds();
    extend(&mut world, &job, DURATION_S + 1).is_refused(MarketError::InsufficientBalance);
}

#[test]
fn nobody_else_extends_a_job_neither_its_session_key() {
    let mut world = World::new();
    let job = world.running_job();
    let stranger = Tenant::new();
    let session = world.tenant.session.insecure_clone();
    for key in [&stranger.wallet, &session, &world.provider.wallet.insecure_clone()] {
        let extend = instruction::job_extend(job, &world.job(&job), 2 * DURATION_S);
        let extend = exchange(extend, &world.tenant.owner(), &key.pubkey());
        world.chain.send(&[extend], &[key]).is_refused(MarketError::NotTenant);
    }
}

#[test]
fn it_is_paid_out_of_the_tenants_own_balance_in_the_jobs_mint() {
    let mut world = World::new();
    let job = world.running_job();
    let usdc = world.usdc.address;
    let extend = instruction::job_extend(job, &world.job(&job), 2 * DURATION_S);
    let balance = |owner: &Pubkey| address::balance(owner, &usdc);
    let extend = exchange(
        extend,
        &balance(&world.tenant.owner()),
        &balance(&world.provider.owner()),
    );
    world
        .chain
        .send(&[extend], &[&world.tenant.wallet])
        .is_refused(MarketError::WrongBalance);
}
