//! What a full list of bids does with another one.

use gantry_protocol::limits::MAX_BIDS;
use gantry_sdk::{Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    orders::BIDDERS_DEPOSIT,
    parties::{Provider, RATE, specification},
    world::World,
};
use market::MarketError;

/// As many bidders as an order holds bids, and one more.
fn crowd(world: &mut World) -> Vec<Provider> {
    (0..=MAX_BIDS).map(|_| world.bidder()).collect()
}

#[test]
fn a_full_order_takes_only_a_bid_below_the_dearest_whose_deposit_goes_back() {
    let mut world = World::new();
    let (order, crowd) = (world.order(), crowd(&mut world));
    world.pass(0, &crowd.iter().collect::<Vec<_>>());
    let (last, first) = crowd.split_last().unwrap();
    for (n, bidder) in first.iter().enumerate() {
        // The third and the fifth are the dearest; the fifth is the later one.
        let rate = if n == 2 || n == 4 { RATE + 9 } else { RATE };
        world.bid(bidder, &order, rate).succeeds();
    }
    for rate in [RATE + 9, RATE + 10] {
        world.bid(last, &order, rate).is_refused(MarketError::OrderFull);
    }
    let (deposit, dearest) = (world.order_at(&order).deposit, &first[4]);
    let has = |world: &World, of: &Provider| world.balance(&of.owner()).amount;
    assert_eq!(has(&world, dearest), BIDDERS_DEPOSIT - deposit);
    let event = world.bid(last, &order, RATE + 8).succeeds().event();
    assert_eq!(has(&world, dearest), BIDDERS_DEPOSIT);
    assert_eq!(has(&world, last), BIDDERS_DEPOSIT - deposit);
    let Event::BidPlaced(event) = event else {
        panic!("{event:?}")
    };
    assert_eq!((event.displaced, event.place), (dearest.owner(), 4));
    assert_eq!(event.displaced_balance, BIDDERS_DEPOSIT);
    let account = world.order_at(&order);
    assert_eq!(account.taken().count(), MAX_BIDS);
    assert_eq!(account.dearest(), Some(2));
    // Whoever was displaced may come back with a better one.
    world.bid(dearest, &order, RATE + 7).succeeds();
    assert_eq!(has(&world, &first[2]), BIDDERS_DEPOSIT);
}

#[test]
fn the_deposit_of_a_displaced_bid_goes_to_its_provider_alone() {
    let mut world = World::new();
    let (order, crowd) = (world.order(), crowd(&mut world));
    world.pass(0, &crowd.iter().collect::<Vec<_>>());
    let (last, first) = crowd.split_last().unwrap();
    for bidder in first {
        world.bid(bidder, &order, RATE).succeeds();
    }
    let account = world.order_at(&order);
    let bid = instruction::bid_place(last.owner(), last.node(0), order, &account, RATE - 1);
    let mut to_another = bid.clone();
    let mint = world.usdc.address;
    to_another.accounts.last_mut().unwrap().pubkey = address::balance(&first[0].owner(), &mint);
    world
        .chain
        .send(&[to_another], &[&last.wallet])
        .is_refused(MarketError::WrongBalance);
    let mut to_nobody = bid.clone();
    to_nobody.accounts.last_mut().unwrap().pubkey = market::ID;
    to_nobody.accounts.last_mut().unwrap().is_writable = false;
    world
        .chain
        .send(&[to_nobody], &[&last.wallet])
        .is_refused(MarketError::WrongBalance);
    world.chain.send(&[bid], &[&last.wallet]).succeeds();
}

#[test]
fn a_provider_that_displaces_its_own_dearer_bid_keeps_one_deposit_in_the_order() {
    let mut world = World::new();
    let (order, crowd) = (world.order(), crowd(&mut world));
    world.pass(0, &crowd.iter().collect::<Vec<_>>());
    let own = world.provider.copy();
    let mut register = vec![
        instruction::node_register(own.owner(), 1, specification()),
        instruction::node_heartbeat(own.attestation.pubkey(), own.account(), own.node(1)),
    ];
    register.extend(own.devices(1, 0..2));
    world.chain.send(&register, &[&own.wallet, &own.attestation]).succeeds();
    world.own_bid(&order, RATE + 1).succeeds();
    for bidder in &crowd[1..MAX_BIDS] {
        world.bid(bidder, &order, RATE).succeeds();
    }
    let has = world.provider_has();
    let bid = instruction::bid_place(own.owner(), own.node(1), order, &world.order_at(&order), RATE - 1);
    let event = world.chain.send(&[bid], &[&own.wallet]).succeeds().event();
    assert_eq!(world.provider_has(), has);
    let Event::BidPlaced(event) = event else {
        panic!("{event:?}")
    };
    assert_eq!(
        (event.deposit, event.displaced, event.displaced_balance),
        (0, own.owner(), has)
    );
    assert_eq!(world.order_at(&order).taken().count(), MAX_BIDS);
}
