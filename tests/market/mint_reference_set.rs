//! Saying what fees in a mint weigh.

use gantry_sdk::{Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{key, parties::REFERENCE_PRICE, world::World};
use market::{MarketError, events::MintReferenceSet, state::RegisteredMint};

#[test]
fn the_authority_says_what_a_mints_fees_weigh() {
    let mut world = World::configured();
    let done = world.set_reference(7).succeeds();
    let mint = world.usdc.address;
    let registered: RegisteredMint = world.chain.get(&address::registered_mint(&mint));
    assert_eq!(registered.reference_price, 7);
    let set = MintReferenceSet {
        mint,
        reference_price: 7,
    };
    assert_eq!(done.event(), Event::MintReferenceSet(set));
}

#[test]
fn a_mint_weighs_nothing_until_it_is_said_otherwise() {
    let mut world = World::configured();
    let gnt = world.gnt.clone();
    world.register_mint(&gnt).succeeds();
    let registered: RegisteredMint = world.chain.get(&address::registered_mint(&gnt.address));
    assert_eq!(registered.reference_price, 0);
}

#[test]
fn a_change_of_the_range_leaves_the_reference_alone() {
    let mut world = World::configured();
    let (authority, mint) = (world.authority.pubkey(), world.usdc.address);
    let update = instruction::mint_update(authority, mint, 1, 2, true);
    world.chain.send(&[update], &[&world.authority]).succeeds();
    let registered: RegisteredMint = world.chain.get(&address::registered_mint(&mint));
    assert_eq!(registered.reference_price, REFERENCE_PRICE);
}

#[test]
fn a_stranger_cannot_say_what_a_mint_weighs() {
    let mut world = World::configured();
    let stranger = key::fresh();
    let set = instruction::mint_reference_set(stranger.pubkey(), world.usdc.address, 7);
    world
        .chain
        .send(&[set], &[&stranger])
        .is_refused(MarketError::NotAuthority);
}

#[test]
fn a_job_weighs_what_its_mint_weighed_when_it_was_opened() {
    let mut world = World::new();
    let before = world.running_job();
    world.set_reference(0).succeeds();
    let after = world.running_job();
    assert_eq!(
        (world.job(&before).reference_price, world.job(&after).reference_price),
        (REFERENCE_PRICE, 0)
    );
    world.chain.advance(10);
    for job in [after, before] {
        assert_eq!(world.provider_record().fees, 0);
        let receipt = world.final_receipt(&job, 10_000);
        world.settle(&receipt).succeeds();
        world.close(&job).succeeds();
    }
    assert!(world.provider_record().fees > 0);
}
