//! Stopping a job.

use gantry_sdk::{Signer, event::Event, instruction::market as instruction};
use gantry_tests::{key, world::World};
use market::{MarketError, events::JobStopped, state::JobState};

#[test]
fn the_session_key_stops_a_job() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(9);
    let done = world.stop(&job).succeeds();
    let stopped = world.job(&job);
    let at = world.chain.now();
    assert_eq!((stopped.state(), stopped.stopped_at), (Some(JobState::Stopped), at));
    assert_eq!(done.event(), Event::JobStopped(JobStopped { job, at }));
}

#[test]
fn the_tenants_wallet_stops_a_job() {
    let mut world = World::new();
    let job = world.running_job();
    let stop = instruction::job_stop(world.tenant.owner(), job);
    world.chain.send(&[stop], &[&world.tenant.wallet]).succeeds();
}

#[test]
fn nobody_else_stops_a_job() {
    let mut world = World::new();
    let job = world.running_job();
    for signer in [
        key::fresh(),
        world.provider.wallet.insecure_clone(),
        world.provider.attestation.insecure_clone(),
    ] {
        let stop = instruction::job_stop(signer.pubkey(), job);
        world.chain.send(&[stop], &[&signer]).is_refused(MarketError::NotTenant);
    }
}

#[test]
fn a_job_that_does_not_run_cannot_be_stopped() {
    let mut world = World::new();
    let open = world.open_job();
    world.stop(&open).is_refused(MarketError::WrongJobState);
    let running = world.running_job();
    world.stop(&running).succeeds();
    world.stop(&running).is_refused(MarketError::WrongJobState);
}

#[test]
fn the_time_after_the_stop_is_not_billed() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(10);
    world.stop(&job).succeeds();
    world.chain.advance(10);
    let too_much = world.receipt(&job, 11_001);
    world
        .settle(&too_much)
        .is_refused_at(1, MarketError::UsageExceedsElapsed);
    let receipt = world.receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
}
