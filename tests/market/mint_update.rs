//! Changing a mint's range of rates, or stopping new jobs in it.

use gantry_sdk::{Signer, address, instruction::market as instruction};
use gantry_tests::{
    key,
    outcome::Outcome,
    parties::{RATE, RATE_CEILING, RATE_FLOOR},
    world::World,
};
use market::{MarketError, state::RegisteredMint};

use crate::mint_register::configured;

fn update(world: &mut World, rate_floor: u64, rate_ceiling: u64, enabled: bool) -> Outcome {
    let authority = world.authority.pubkey();
    let update = instruction::mint_update(authority, world.usdc.address, rate_floor, rate_ceiling, enabled);
    world.chain.send(&[update], &[&world.authority])
}

#[test]
fn the_authority_changes_the_range_and_the_admission() {
    let mut world = World::configured();
    let done = update(&mut world, 3, 4, false).succeeds();
    let registered: RegisteredMint = world.chain.get(&address::registered_mint(&world.usdc.address));
    assert_eq!(
        (registered.rate_floor, registered.rate_ceiling, registered.enabled),
        (3, 4, 0)
    );
    assert_eq!(done.event(), configured(&registered));
}

#[test]
fn a_stranger_cannot_change_a_mint() {
    let mut world = World::configured();
    let stranger = key::fresh();
    let update = instruction::mint_update(stranger.pubkey(), world.usdc.address, 1, 2, true);
    world
        .chain
        .send(&[update], &[&stranger])
        .is_refused(MarketError::NotAuthority);
}

#[test]
fn an_empty_range_of_rates_is_refused() {
    let mut world = World::configured();
    update(&mut world, 0, 0, true).is_refused(MarketError::PriceRangeEmpty);
    update(&mut world, 5, 4, true).is_refused(MarketError::PriceRangeEmpty);
}

#[test]
fn no_new_job_is_opened_in_a_disabled_mint_but_running_ones_go_on() {
    let mut world = World::new();
    let job = world.running_job();
    update(&mut world, RATE_FLOOR, RATE_CEILING, false).succeeds();
    let terms = world.tenant.terms(1);
    world.open(terms).is_refused(MarketError::MintDisabled);
    world.chain.advance(10);
    let receipt = world.final_receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
    world.close(&job).succeeds();
    world.deposit(1).succeeds();
    update(&mut world, RATE_FLOOR, RATE_CEILING, true).succeeds();
    world.open(terms).succeeds();
}

#[test]
fn a_price_that_the_range_has_left_behind_opens_no_job() {
    let mut world = World::new();
    let terms = world.tenant.terms(1);
    update(&mut world, RATE_FLOOR, RATE - 1, true).succeeds();
    world.open(terms).is_refused(MarketError::RateOutOfRange);
    update(&mut world, RATE + 1, RATE_CEILING, true).succeeds();
    world.open(terms).is_refused(MarketError::RateOutOfRange);
    update(&mut world, RATE, RATE, true).succeeds();
    world.open(terms).succeeds();
}
