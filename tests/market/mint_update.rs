//! Stopping new jobs in a mint.

use gantry_sdk::{Signer, address, instruction::market as instruction};
use gantry_tests::{key, outcome::Outcome, world::World};
use market::{MarketError, state::RegisteredMint};

use crate::mint_register::configured;

fn update(world: &mut World, enabled: bool) -> Outcome {
    let authority = world.authority.pubkey();
    let update = instruction::mint_update(authority, world.usdc.address, enabled);
    world.chain.send(&[update], &[&world.authority])
}

#[test]
fn the_authority_changes_the_admission() {
    let mut world = World::configured();
    for enabled in [false, true] {
        let done = update(&mut world, enabled).succeeds();
        let registered: RegisteredMint = world.chain.get(&address::registered_mint(&world.usdc.address));
        assert_eq!(registered.enabled, u8::from(enabled));
        assert_eq!(done.event(), configured(&registered));
    }
}

#[test]
fn a_stranger_cannot_change_a_mint() {
    let mut world = World::configured();
    let stranger = key::fresh();
    let update = instruction::mint_update(stranger.pubkey(), world.usdc.address, true);
    world
        .chain
        .send(&[update], &[&stranger])
        .is_refused(MarketError::NotAuthority);
}

#[test]
fn no_new_job_is_opened_in_a_disabled_mint_but_running_ones_go_on() {
    let mut world = World::new();
    let job = world.running_job();
    update(&mut world, false).succeeds();
    let terms = world.tenant.terms(1);
    world.open(terms).is_refused(MarketError::MintDisabled);
    world.chain.advance(10);
    let receipt = world.final_receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
    world.close(&job).succeeds();
    world.deposit(1).succeeds();
    update(&mut world, true).succeeds();
    world.open(terms).succeeds();
}
