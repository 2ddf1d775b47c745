//! Saying that a node is alive.

use anchor_lang::ErrorCode;
use gantry_sdk::{Signer, event::Event, instruction::market as instruction};
use gantry_tests::{
    parties::{HEARTBEAT_MAX_AGE_S, Provider},
    world::World,
};
use market::{MarketError, events::NodeHeartbeaten};

#[test]
fn a_heartbeat_records_the_time() {
    let mut world = World::new();
    world.chain.advance(7);
    let done = world.heartbeat().succeeds();
    let at = world.chain.now();
    assert_eq!(world.node().heartbeat_at, at);
    let heartbeaten = NodeHeartbeaten {
        node: world.node_address(),
        at,
    };
    assert_eq!(done.event(), Event::NodeHeartbeaten(heartbeaten));
}

#[test]
fn only_the_attestation_key_says_so_not_even_the_owner() {
    let mut world = World::new();
    let owner = world.provider.owner();
    let heartbeat = instruction::node_heartbeat(owner, world.provider.account(), world.node_address());
    world
        .chain
        .send(&[heartbeat], &[&world.provider.wallet])
        .is_refused(MarketError::NotAttestationKey);
}

#[test]
fn one_providers_key_does_not_speak_for_anothers_node() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let key = other.attestation.pubkey();
    let heartbeat = instruction::node_heartbeat(key, other.account(), world.node_address());
    world
        .chain
        .send(&[heartbeat], &[&other.attestation])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn a_node_is_rented_until_its_heartbeat_is_too_old() {
    let mut world = World::new();
    let terms = world.tenant.terms(1);
    world.chain.advance(i64::from(HEARTBEAT_MAX_AGE_S));
    world.open_with(terms);
    world.chain.advance(1);
    world.open(terms).is_refused(MarketError::NodeSilent);
    world.heartbeat().succeeds();
    world.open(terms).succeeds();
}
