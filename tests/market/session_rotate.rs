//! Giving the tenant's side of a job to another hot key.

use gantry_sdk::{Keypair, Pubkey, Signer, event::Event, instruction::market as instruction};
use gantry_tests::{
    key,
    outcome::Outcome,
    parties::{GRACE_WINDOW_S, Tenant},
    world::World,
};
use market::{MarketError, events::SessionRotated, state::JobState};

const GRACE_S: i64 = GRACE_WINDOW_S as i64;

/// The tenant's wallet names `new`.
fn rotate_to(world: &mut World, job: &Pubkey, new: Pubkey) -> Outcome {
    let rotate = instruction::session_rotate(*job, &world.job(job), new);
    world.chain.send(&[rotate], &[&world.tenant.wallet])
}

/// The tenant goes on with a new key; returns the old one.
fn rotate(world: &mut World, job: &Pubkey) -> Keypair {
    let new = key::fresh();
    rotate_to(world, job, new.pubkey()).succeeds();
    std::mem::replace(&mut world.tenant.session, new)
}

/// A job that has run for ten seconds.
fn running() -> (World, Pubkey) {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(10);
    (world, job)
}

#[test]
fn the_new_key_signs_receipts_and_stops_the_job() {
    let (mut world, job) = running();
    let (old, new) = (world.tenant.session.pubkey(), key::fresh());
    let done = rotate_to(&mut world, &job, new.pubkey()).succeeds();
    let at = world.chain.now();
    let event = SessionRotated {
        job,
        session_key: new.pubkey(),
        former_session_key: old,
        at,
    };
    assert_eq!(done.event(), Event::SessionRotated(event));
    let account = world.job(&job);
    assert_eq!(
        (
            account.session_key,
            account.former_session_key,
            account.session_rotated_at
        ),
        (new.pubkey(), old, at)
    );
    world.tenant.session = new;
    let receipt = world.receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
    world.stop(&job).succeeds();
    assert_eq!(world.job(&job).state(), Some(JobState::Stopped));
}

#[test]
fn what_the_former_key_signed_is_paid_until_the_grace_window_after_the_rotation() {
    let settled_after = |seconds| {
        let (mut world, job) = running();
        let by_former = world.receipt(&job, 9_000);
        rotate(&mut world, &job);
        world.chain.advance(seconds);
        world.settle(&by_former)
    };
    settled_after(GRACE_S).succeeds();
    settled_after(GRACE_S + 1).is_refused_at(1, MarketError::WrongSigner);
}

#[test]
fn the_former_key_signs_for_no_time_after_the_rotation() {
    let (mut world, job) = running();
    let old = rotate(&mut world, &job);
    world.chain.advance(20);
    let new = std::mem::replace(&mut world.tenant.session, old);
    let (beyond, until) = (world.receipt(&job, 11_001), world.receipt(&job, 11_000));
    world.settle(&beyond).is_refused_at(1, MarketError::UsageExceedsElapsed);
    world.settle(&until).succeeds();
    world.tenant.session = new;
    let receipt = world.receipt(&job, 30_000);
    world.settle(&receipt).succeeds();
}

#[test]
fn the_former_key_no_longer_stops_the_job() {
    let (mut world, job) = running();
    let old = rotate(&mut world, &job);
    let stop = instruction::job_stop(old.pubkey(), job);
    world.chain.send(&[stop], &[&old]).is_refused(MarketError::NotTenant);
}

#[test]
fn the_key_is_rotated_again_only_after_the_grace_window() {
    let (mut world, job) = running();
    let first = rotate(&mut world, &job);
    world.chain.advance(GRACE_S);
    rotate_to(&mut world, &job, key::fresh().pubkey()).is_refused(MarketError::SessionJustRotated);
    world.chain.advance(1);
    let second = rotate(&mut world, &job);
    assert_eq!(world.job(&job).former_session_key, second.pubkey());
    let third = std::mem::replace(&mut world.tenant.session, first);
    let by_first = world.receipt(&job, 5_000);
    world.settle(&by_first).is_refused_at(1, MarketError::WrongSigner);
    world.tenant.session = third;
}

#[test]
fn only_the_tenants_wallet_rotates_the_key() {
    let (mut world, job) = running();
    for caller in [
        world.tenant.session.insecure_clone(),
        world.provider.wallet.insecure_clone(),
        world.provider.attestation.insecure_clone(),
        key::fresh(),
    ] {
        let mut account = world.job(&job);
        account.tenant = caller.pubkey();
        let rotate = instruction::session_rotate(job, &account, key::fresh().pubkey());
        world
            .chain
            .send(&[rotate], &[&caller])
            .is_refused(MarketError::NotTenant);
    }
}

#[test]
fn neither_zeros_nor_the_present_key_take_its_place() {
    let (mut world, job) = running();
    rotate_to(&mut world, &job, Pubkey::default()).is_refused(MarketError::InvalidKey);
    let present = world.tenant.session.pubkey();
    rotate_to(&mut world, &job, present).is_refused(MarketError::SameKey);
}

#[test]
fn a_job_in_any_living_state_changes_hands_and_an_ended_one_does_not() {
    let mut world = World::new();
    let (open, running, stopped) = (world.open_job(), world.running_job(), world.running_job());
    world.stop(&stopped).succeeds();
    for job in [open, running, stopped] {
        rotate_to(&mut world, &job, key::fresh().pubkey()).succeeds();
    }
    let attestation = world.provider.attestation.insecure_clone();
    world.cancel_by(&attestation, &open).succeeds();
    world.close_by(&attestation, &running).succeeds();
    for job in [open, running] {
        rotate_to(&mut world, &job, key::fresh().pubkey()).is_refused(MarketError::WrongJobState);
    }
}

#[test]
fn before_a_rotation_a_key_of_zeros_is_no_former_key() {
    let (mut world, job) = running();
    // The precompile would refuse a signature of this key; whoever is asked has to refuse it as well.
    let account = world.job(&job);
    assert_eq!(account.former_session_key, Pubkey::default());
    world.tenant = Tenant {
        session: key::fresh(),
        wallet: world.tenant.wallet.insecure_clone(),
    };
    let by_stranger = world.receipt(&job, 5_000);
    world.settle(&by_stranger).is_refused_at(1, MarketError::WrongSigner);
}
