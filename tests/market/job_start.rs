//! Starting a job.

use gantry_sdk::{Signer, event::Event, instruction::market as instruction};
use gantry_tests::{key, parties::START_DEADLINE_S, world::World};
use market::{MarketError, events::JobStarted, state::JobState};

#[test]
fn the_attestation_key_starts_metering() {
    let mut world = World::new();
    let job = world.open_job();
    world.chain.advance(3);
    let done = world.start(&job).succeeds();
    let started = world.job(&job);
    let at = world.chain.now();
    assert_eq!((started.state(), started.started_at), (Some(JobState::Running), at));
    assert_eq!(done.event(), Event::JobStarted(JobStarted { job, at }));
}

#[test]
fn only_the_attestation_key_starts_a_job() {
    let mut world = World::new();
    let job = world.open_job();
    for signer in [
        key::fresh(),
        world.provider.wallet.insecure_clone(),
        world.tenant.session.insecure_clone(),
    ] {
        let start = instruction::job_start(signer.pubkey(), job);
        world
            .chain
            .send(&[start], &[&signer])
            .is_refused(MarketError::NotAttestationKey);
    }
}

#[test]
fn a_job_is_started_once() {
    let mut world = World::new();
    let job = world.running_job();
    world.start(&job).is_refused(MarketError::WrongJobState);
}

#[test]
fn a_job_starts_at_its_deadline_and_not_a_second_later() {
    let mut world = World::new();
    let (first, second) = (world.open_job(), world.open_job());
    world.chain.advance(i64::from(START_DEADLINE_S));
    world.start(&first).succeeds();
    world.chain.advance(1);
    world.start(&second).is_refused(MarketError::StartDeadlinePassed);
}

#[test]
fn a_cancelled_job_does_not_start() {
    let mut world = World::new();
    let job = world.open_job();
    let attestation = world.provider.attestation.insecure_clone();
    world.cancel_by(&attestation, &job).succeeds();
    world.start(&job).is_refused(MarketError::WrongJobState);
}
