//! Changing how long a node may be rented, and whether.

use gantry_protocol::limits::MAX_JOB_DURATION_S;
use gantry_sdk::{Signer, event::Event, instruction::market as instruction};
use gantry_tests::{forge::exchange, key, outcome::Outcome, parties::specification, world::World};
use market::{MarketError, events::NodeUpdated, state::Provider};

fn update(world: &mut World, min_duration_s: u32, max_duration_s: u32, active: bool) -> Outcome {
    let (owner, node) = (world.provider.owner(), world.node_address());
    let update = instruction::node_update(owner, node, min_duration_s, max_duration_s, active);
    world.chain.send(&[update], &[&world.provider.wallet])
}

#[test]
fn the_owner_changes_durations_and_readiness() {
    let mut world = World::new();
    let done = update(&mut world, 60, 3_600, false).succeeds();
    let node = world.node();
    assert_eq!((node.min_duration_s, node.max_duration_s, node.active), (60, 3_600, 0));
    let updated = NodeUpdated {
        node: world.node_address(),
        min_duration_s: 60,
        max_duration_s: 3_600,
        active: 0,
        gpus_offered: 0,
    };
    assert_eq!(done.event(), Event::NodeUpdated(updated));
}

#[test]
fn a_stranger_cannot_change_a_node() {
    let mut world = World::new();
    let stranger = key::fresh();
    let owner = world.provider.owner();
    let update = instruction::node_update(owner, world.node_address(), 1, 2, true);
    let update = exchange(update, &owner, &stranger.pubkey());
    world
        .chain
        .send(&[update], &[&stranger])
        .is_refused(MarketError::NotOwner);
}

#[test]
fn durations_must_be_a_range_between_a_second_and_a_year() {
    let mut world = World::new();
    update(&mut world, 0, 1, true).is_refused(MarketError::InvalidSpecification);
    update(&mut world, 2, 1, true).is_refused(MarketError::InvalidSpecification);
    update(&mut world, 1, MAX_JOB_DURATION_S + 1, true).is_refused(MarketError::InvalidSpecification);
    update(&mut world, MAX_JOB_DURATION_S, MAX_JOB_DURATION_S, true).succeeds();
}

#[test]
fn a_node_that_takes_no_new_jobs_still_serves_those_it_has() {
    let mut world = World::new();
    let job = world.open_job();
    update(&mut world, 1, 86_400, false).succeeds();
    let terms = world.tenant.terms(1);
    world.open(terms).is_refused(MarketError::NodeInactive);
    world.start(&job).succeeds();
    world.heartbeat().succeeds();
    update(&mut world, 1, 86_400, true).succeeds();
    world.open(terms).succeeds();
}

#[test]
fn the_gpus_that_a_provider_offers_are_those_of_its_active_nodes() {
    let mut world = World::new();
    let account = world.provider.account();
    let offered = |world: &World| world.chain.get::<Provider>(&account).gpus_offered;
    assert_eq!(offered(&world), 8);
    for (active, expected) in [(true, 8), (false, 0), (false, 0), (true, 8)] {
        update(&mut world, 1, 86_400, active).succeeds();
        assert_eq!(offered(&world), expected);
    }
    let second = instruction::node_register(world.provider.owner(), 1, specification());
    world.chain.send(&[second], &[&world.provider.wallet]).succeeds();
    assert_eq!(offered(&world), 8);
    let devices = world.provider.devices(1, 0..3);
    world.chain.send(&devices, &[&world.provider.wallet]).succeeds();
    assert_eq!(offered(&world), 11);
}
