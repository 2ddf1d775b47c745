//! Making a job accept the provider's current attestation key.

use anchor_lang::ErrorCode;
use gantry_sdk::{Keypair, Pubkey, Signer, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{Provider, profile},
    world::World,
};
use market::{MarketError, events::JobRekeyed, state::Provider as ProviderAccount};

/// Rotates the provider's attestation key and returns the old one.
fn rotate(world: &mut World) -> Keypair {
    let new = key::fresh();
    let args = profile(new.pubkey(), "https://agent.example:7443");
    let update = instruction::provider_update(world.provider.owner(), args);
    world.chain.send(&[update], &[&world.provider.wallet]).succeeds();
    std::mem::replace(&mut world.provider.attestation, new)
}

fn rekey(world: &mut World, job: &Pubkey) -> Outcome {
    let owner = world.provider.owner();
    let rekey = instruction::job_rekey(owner, owner, *job);
    world.chain.send(&[rekey], &[&world.provider.wallet])
}

#[test]
fn a_rotated_key_signs_the_receipts_of_a_rekeyed_job() {
    let mut world = World::new();
    let job = world.running_job();
    let old = rotate(&mut world);
    world.chain.advance(10);
    let by_new = world.receipt(&job, 10_000);
    world.settle(&by_new).is_refused_at(1, MarketError::WrongSigner);
    let done = rekey(&mut world, &job).succeeds();
    let attestation_key = world.provider.attestation.pubkey();
    assert_eq!(world.job(&job).attestation_key, attestation_key);
    assert_eq!(done.event(), Event::JobRekeyed(JobRekeyed { job, attestation_key }));
    world.settle(&by_new).succeeds();
    world.provider.attestation = old;
    let by_old = world.receipt(&job, 10_000);
    world.settle(&by_old).is_refused_at(1, MarketError::WrongSigner);
}

#[test]
fn until_the_rekey_the_old_key_still_settles() {
    let mut world = World::new();
    let job = world.running_job();
    let old = rotate(&mut world);
    world.provider.attestation = old;
    world.chain.advance(10);
    let receipt = world.receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
}

#[test]
fn a_job_in_any_living_state_is_rekeyed_and_an_ended_one_is_not() {
    let mut world = World::new();
    let (open, running, stopped) = (world.open_job(), world.running_job(), world.running_job());
    world.stop(&stopped).succeeds();
    for job in [open, running, stopped] {
        rekey(&mut world, &job).succeeds();
    }
    let attestation = world.provider.attestation.insecure_clone();
    world.cancel_by(&attestation, &open).succeeds();
    world.close_by(&attestation, &running).succeeds();
    rekey(&mut world, &open).is_refused(MarketError::WrongJobState);
    rekey(&mut world, &running).is_refused(MarketError::WrongJobState);
}

#[test]
fn a_job_does_not_take_the_key_of_another_provider() {
    let mut world = World::new();
    let job = world.running_job();
    let other = Provider::new();
    world.admit(&other);
    let rekey = instruction::job_rekey(other.owner(), other.owner(), job);
    world
        .chain
        .send(&[rekey], &[&other.wallet])
        .is_refused(MarketError::NotOwner);
}

#[test]
fn the_new_attestation_key_rekeys_a_job_by_itself() {
    let mut world = World::new();
    let job = world.running_job();
    rotate(&mut world);
    let new = world.provider.attestation.insecure_clone();
    let rekey = instruction::job_rekey(new.pubkey(), world.provider.owner(), job);
    world.chain.send(&[rekey], &[&new]).succeeds();
    assert_eq!(world.job(&job).attestation_key, new.pubkey());
}

#[test]
fn nobody_but_the_provider_voids_what_its_old_key_has_signed() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(10);
    let by_old = world.receipt(&job, 10_000);
    let old = rotate(&mut world);
    let owner = world.provider.owner();
    for caller in [&world.tenant.wallet, &world.tenant.session, &old, &key::fresh()].map(Keypair::insecure_clone) {
        let rekey = instruction::job_rekey(caller.pubkey(), owner, job);
        world
            .chain
            .send(&[rekey], &[&caller])
            .is_refused(MarketError::NotProvider);
    }
    world.settle(&by_old).succeeds();
}

#[test]
fn only_the_account_at_the_providers_own_address_says_which_key_is_current() {
    let mut world = World::new();
    let job = world.running_job();
    // No transaction makes a second account of a provider.
    let (genuine, copy) = (world.provider.account(), Pubkey::new_unique());
    let account = world.chain.account(&genuine).expect("the provider has registered");
    world.chain.put(&copy, account);
    world.chain.alter::<ProviderAccount>(&copy, |provider| {
        provider.attestation_key = key::fresh().pubkey();
    });
    let owner = world.provider.owner();
    let rekey = exchange(instruction::job_rekey(owner, owner, job), &genuine, &copy);
    world
        .chain
        .simulate_unreachable(&[rekey], &[&world.provider.wallet])
        .is_refused(ErrorCode::ConstraintSeeds);
}
