//! What governance lets a class of GPUs cost in a mint.

use anchor_lang::ErrorCode;
use gantry_protocol::class;
use gantry_sdk::{Instruction, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{CLASS, RATE, RATE_CEILING, RATE_FLOOR},
    world::World,
};
use market::{MarketError, events::PriceRangeConfigured, state::PriceRange};
use solana_instruction::error::InstructionError;

fn configured(world: &World, class: &[u8; 16]) -> (PriceRange, Event) {
    let price_range = address::price_range(class, &world.usdc.address);
    let range: PriceRange = world.chain.get(&price_range);
    let configured = PriceRangeConfigured {
        price_range,
        class: range.class,
        mint: range.mint,
        floor: range.floor,
        ceiling: range.ceiling,
    };
    (range, Event::PriceRangeConfigured(configured))
}

/// A world with a second class, which nothing is priced for so far.
fn with_another_class() -> (World, [u8; 16]) {
    let mut world = World::configured();
    let name = class::pack("rtx-4090").expect("a name");
    let register = instruction::class_register(world.authority.pubkey(), name);
    world.chain.send(&[register], &[&world.authority]).succeeds();
    (world, name)
}

fn register(world: &World, class: &[u8; 16], floor: u64, ceiling: u64) -> Instruction {
    instruction::price_range_register(world.authority.pubkey(), class, world.usdc.address, floor, ceiling)
}

#[test]
fn the_authority_opens_a_mint_to_a_class_once() {
    let (mut world, class) = with_another_class();
    let open = register(&world, &class, 3, 4);
    let done = world
        .chain
        .send(std::slice::from_ref(&open), &[&world.authority])
        .succeeds();
    let (range, event) = configured(&world, &class);
    assert_eq!(
        (range.class, range.mint, range.floor, range.ceiling),
        (class, world.usdc.address, 3, 4)
    );
    assert_eq!(done.event(), event);
    world
        .chain
        .send(&[open], &[&world.authority])
        .is_refused(InstructionError::Custom(0));
}

#[test]
fn the_authority_changes_a_range() {
    let mut world = World::configured();
    let done = world.set_price_range(5, 6).succeeds();
    let (range, event) = configured(&world, &CLASS);
    assert_eq!((range.floor, range.ceiling), (5, 6));
    assert_eq!(done.event(), event);
}

#[test]
fn an_empty_range_is_refused() {
    let (mut world, class) = with_another_class();
    for (floor, ceiling) in [(0, 0), (2, 1), (u64::MAX, u64::MAX - 1)] {
        let open = register(&world, &class, floor, ceiling);
        world
            .chain
            .send(&[open], &[&world.authority])
            .is_refused(MarketError::PriceRangeEmpty);
        world
            .set_price_range(floor, ceiling)
            .is_refused(MarketError::PriceRangeEmpty);
    }
    for (floor, ceiling) in [(0, 1), (1, 1), (0, u64::MAX), (u64::MAX, u64::MAX)] {
        world.set_price_range(floor, ceiling).succeeds();
    }
}

#[test]
fn a_range_is_of_a_registered_class_in_a_registered_mint_at_their_address() {
    let (mut world, class) = with_another_class();
    let nowhere = class::pack("no-such-class").expect("a name");
    let of_nothing = register(&world, &nowhere, 1, 2);
    let (gnt, usdc) = (world.gnt.address, world.usdc.address);
    let in_nothing = instruction::price_range_register(world.authority.pubkey(), &class, gnt, 1, 2);
    for attempt in [of_nothing, in_nothing] {
        world
            .chain
            .send(&[attempt], &[&world.authority])
            .is_refused(InstructionError::UninitializedAccount);
    }
    let elsewhere = exchange(
        register(&world, &class, 1, 2),
        &address::price_range(&class, &usdc),
        &address::price_range(&class, &gnt),
    );
    world
        .chain
        .send(&[elsewhere], &[&world.authority])
        .is_refused(ErrorCode::ConstraintSeeds);
}

#[test]
fn a_stranger_opens_and_changes_no_range() {
    let (mut world, class) = with_another_class();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let usdc = world.usdc.address;
    for attempt in [
        instruction::price_range_register(stranger.pubkey(), &class, usdc, 1, 2),
        instruction::price_range_update(stranger.pubkey(), &CLASS, usdc, 1, 2),
    ] {
        world
            .chain
            .send(&[attempt], &[&stranger])
            .is_refused(MarketError::NotAuthority);
    }
}

#[test]
fn a_price_that_the_range_has_left_behind_opens_no_job() {
    let mut world = World::new();
    let terms = world.tenant.terms(1);
    world.set_price_range(RATE_FLOOR, RATE - 1).succeeds();
    world.open(terms).is_refused(MarketError::RateOutOfRange);
    world.set_price_range(RATE + 1, RATE_CEILING).succeeds();
    world.open(terms).is_refused(MarketError::RateOutOfRange);
    world.set_price_range(RATE, RATE).succeeds();
    world.open(terms).succeeds();
}

#[test]
fn a_running_job_keeps_its_rate_when_the_range_is_narrowed_under_it() {
    let mut world = World::new();
    let job = world.running_job();
    world.set_price_range(1, 1).succeeds();
    let longer = instruction::job_extend(job, &world.job(&job), 1_200);
    world.chain.send(&[longer], &[&world.tenant.wallet]).succeeds();
    world.chain.advance(10);
    let receipt = world.final_receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
    world.close(&job).succeeds();
    let job = world.job(&job);
    assert_eq!((job.rate, job.owed), (RATE, RATE * 10 / 1_000_000));
}
