//! Pricing a node.

use gantry_protocol::limits::MAX_PRICES;
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{CLASS, RATE, RATE_CEILING, RATE_FLOOR},
    token::Mint,
    world::World,
};
use market::{MarketError, events::NodePriced, state::Price};
use solana_instruction::error::InstructionError;

fn price_instruction(world: &World, mint: &Pubkey, rate: u64) -> Instruction {
    instruction::node_price_set(world.provider.owner(), world.node_address(), &CLASS, *mint, rate)
}

fn price(world: &mut World, mint: &Pubkey, rate: u64) -> Outcome {
    let price = price_instruction(world, mint, rate);
    world.chain.send(&[price], &[&world.provider.wallet])
}

/// Another admitted mint, in which the provider has a balance.
fn another_mint(world: &mut World) -> Pubkey {
    let mint = Mint::classic(&mut world.chain, 6);
    world.register_mint(&mint).succeeds();
    world.open_balance(&world.provider.owner(), &mint);
    mint.address
}

#[test]
fn a_rate_is_set_replaced_and_withdrawn() {
    let mut world = World::new();
    let (usdc, node) = (world.usdc.address, world.node_address());
    let done = price(&mut world, &usdc, RATE + 1).succeeds();
    assert_eq!(
        done.event(),
        Event::NodePriced(NodePriced {
            node,
            mint: usdc,
            rate: RATE + 1
        })
    );
    assert_eq!(
        world.node().prices[0],
        Price {
            mint: usdc,
            rate: RATE + 1
        }
    );
    assert_eq!(world.node().prices[1], Price::default());
    let done = price(&mut world, &usdc, 0).succeeds();
    assert_eq!(
        done.event(),
        Event::NodePriced(NodePriced {
            node,
            mint: usdc,
            rate: 0
        })
    );
    assert_eq!(world.node().prices, [Price::default(); MAX_PRICES]);
    let terms = world.tenant.terms(1);
    world.open(terms).is_refused(MarketError::NotOffered);
}

#[test]
fn a_rate_outside_the_governed_range_is_refused() {
    let mut world = World::new();
    let usdc = world.usdc.address;
    price(&mut world, &usdc, RATE_FLOOR - 1).is_refused(MarketError::RateOutOfRange);
    price(&mut world, &usdc, RATE_CEILING + 1).is_refused(MarketError::RateOutOfRange);
    price(&mut world, &usdc, RATE_FLOOR).succeeds();
    price(&mut world, &usdc, RATE_CEILING).succeeds();
}

#[test]
fn a_mint_without_a_range_for_the_class_is_refused() {
    let mut world = World::new();
    let mint = Mint::classic(&mut world.chain, 6);
    let authority = world.authority.pubkey();
    let register = instruction::mint_register(authority, mint.address, mint.token_program);
    world.chain.send(&[register], &[&world.authority]).succeeds();
    world.open_balance(&world.provider.owner(), &mint);
    price(&mut world, &mint.address, RATE).is_refused(InstructionError::UninitializedAccount);
    let range = instruction::price_range_register(authority, &CLASS, mint.address, RATE, RATE);
    world.chain.send(&[range], &[&world.authority]).succeeds();
    price(&mut world, &mint.address, RATE).succeeds();
}

#[test]
fn the_range_of_another_class_or_mint_is_refused() {
    let mut world = World::new();
    let (usdc, mint) = (world.usdc.address, another_mint(&mut world));
    let class = *b"rtx-4090\0\0\0\0\0\0\0\0";
    let authority = world.authority.pubkey();
    let another = [
        instruction::class_register(authority, class),
        instruction::price_range_register(authority, &class, usdc, 1, u64::MAX),
    ];
    world.chain.send(&another, &[&world.authority]).succeeds();
    for rate in [RATE, 0] {
        for wrong in [address::price_range(&CLASS, &mint), address::price_range(&class, &usdc)] {
            let right = address::price_range(&CLASS, &usdc);
            let price = exchange(price_instruction(&world, &usdc, rate), &right, &wrong);
            world
                .chain
                .send(&[price], &[&world.provider.wallet])
                .is_refused(MarketError::WrongPriceRange);
        }
    }
}

#[test]
fn a_price_that_has_left_the_range_can_still_be_withdrawn() {
    let mut world = World::new();
    let usdc = world.usdc.address;
    world.set_price_range(1, 1).succeeds();
    price(&mut world, &usdc, RATE).is_refused(MarketError::RateOutOfRange);
    price(&mut world, &usdc, 0).succeeds();
}

#[test]
fn a_fifth_mint_is_refused_until_another_offer_is_withdrawn() {
    let mut world = World::new();
    let usdc = world.usdc.address;
    let mints: Vec<_> = (0..MAX_PRICES).map(|_| another_mint(&mut world)).collect();
    for mint in &mints[..MAX_PRICES - 1] {
        price(&mut world, mint, RATE).succeeds();
    }
    let last = mints[MAX_PRICES - 1];
    price(&mut world, &last, RATE).is_refused(MarketError::TooManyPrices);
    price(&mut world, &usdc, RATE + 1).succeeds();
    price(&mut world, &mints[0], 0).succeeds();
    price(&mut world, &last, RATE).succeeds();
    assert_eq!(world.node().prices[1], Price { mint: last, rate: RATE });
}

#[test]
fn an_offer_that_is_not_there_cannot_be_withdrawn() {
    let mut world = World::new();
    let mint = another_mint(&mut world);
    price(&mut world, &mint, 0).is_refused(MarketError::NotOffered);
}

#[test]
fn a_mint_that_is_not_registered_is_refused() {
    let mut world = World::new();
    let mint = Mint::classic(&mut world.chain, 6);
    price(&mut world, &mint.address, RATE).is_refused(InstructionError::UninitializedAccount);
}

#[test]
fn a_provider_without_a_balance_in_the_mint_cannot_price_in_it() {
    let mut world = World::new();
    let mint = Mint::classic(&mut world.chain, 6);
    world.register_mint(&mint).succeeds();
    price(&mut world, &mint.address, RATE).is_refused(InstructionError::UninitializedAccount);
}

#[test]
fn a_balance_of_another_mint_or_another_wallet_is_refused() {
    let mut world = World::new();
    let (usdc, mint) = (world.usdc.address, another_mint(&mut world));
    let owner = world.provider.owner();
    let own = address::balance(&owner, &usdc);
    for other in [
        address::balance(&owner, &mint),
        address::balance(&world.tenant.owner(), &usdc),
    ] {
        let price = exchange(price_instruction(&world, &usdc, RATE), &own, &other);
        world
            .chain
            .send(&[price], &[&world.provider.wallet])
            .is_refused(MarketError::WrongBalance);
    }
}

#[test]
fn a_stranger_cannot_price_a_node() {
    let mut world = World::new();
    let stranger = key::fresh();
    let usdc = world.usdc.address;
    let price = exchange(
        price_instruction(&world, &usdc, RATE),
        &world.provider.owner(),
        &stranger.pubkey(),
    );
    world
        .chain
        .send(&[price], &[&stranger])
        .is_refused(MarketError::NotOwner);
}

#[test]
fn a_new_price_does_not_touch_a_job_that_is_open() {
    let mut world = World::new();
    let job = world.open_job();
    let usdc = world.usdc.address;
    price(&mut world, &usdc, 2 * RATE).succeeds();
    assert_eq!(world.job(&job).rate, RATE);
}
