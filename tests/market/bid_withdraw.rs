//! Taking a bid back: free while bids are taken and once the order has expired, at the price of the deposit between.

use gantry_sdk::{Signer, event::Event, instruction::market as instruction};
use gantry_tests::{
    orders::{ACCEPT_WINDOW_S, BID_WINDOW_S, BIDDERS_DEPOSIT},
    parties::RATE,
    world::World,
};
use market::MarketError;

#[test]
fn until_the_last_second_for_bids_the_deposit_goes_back() {
    let mut world = World::new();
    let order = world.order();
    world.own_bid(&order, RATE).succeeds();
    world.chain.advance(i64::from(BID_WINDOW_S));
    let own = world.provider.copy();
    let tenant = world.tenant.owner();
    world
        .withdraw_bid(&own, &order, &tenant)
        .is_refused(MarketError::WrongBalance);
    let event = world.withdraw_bid(&own, &order, &own.owner()).succeeds().event();
    assert_eq!(world.provider_has(), BIDDERS_DEPOSIT);
    let account = world.order_at(&order);
    assert_eq!((account.taken().count(), account.held()), (0, account.escrow));
    let Event::BidWithdrawn(event) = event else {
        panic!("{event:?}")
    };
    assert_eq!((event.order, event.node, event.to), (order, own.node(0), own.owner()));
    assert_eq!(
        (event.deposit, event.balance, event.place),
        (account.deposit, BIDDERS_DEPOSIT, 0)
    );
}

#[test]
fn after_that_it_goes_to_the_tenant_until_the_order_has_expired() {
    let mut world = World::new();
    let order = world.order();
    world.own_bid(&order, RATE).succeeds();
    let (own, tenant, deposit) = (
        world.provider.copy(),
        world.tenant.owner(),
        world.order_at(&order).deposit,
    );
    world.chain.advance(i64::from(BID_WINDOW_S) + 1);
    world
        .withdraw_bid(&own, &order, &own.owner())
        .is_refused(MarketError::WrongBalance);
    // In the last second in which it could be accepted as well.
    world.chain.advance(i64::from(ACCEPT_WINDOW_S) - 1);
    world
        .withdraw_bid(&own, &order, &own.owner())
        .is_refused(MarketError::WrongBalance);
    let before = world.tenant_has();
    world.withdraw_bid(&own, &order, &tenant).succeeds();
    assert_eq!(world.tenant_has(), before + deposit);
    assert_eq!(world.provider_has(), BIDDERS_DEPOSIT - deposit);
}

#[test]
fn a_bid_that_nobody_can_accept_any_more_is_taken_back_without_cost() {
    let mut world = World::new();
    let order = world.order();
    world.own_bid(&order, RATE).succeeds();
    let (own, tenant) = (world.provider.copy(), world.tenant.owner());
    world.chain.advance(i64::from(BID_WINDOW_S + ACCEPT_WINDOW_S) + 1);
    world
        .withdraw_bid(&own, &order, &tenant)
        .is_refused(MarketError::WrongBalance);
    world.withdraw_bid(&own, &order, &own.owner()).succeeds();
    assert_eq!(world.provider_has(), BIDDERS_DEPOSIT);
}

#[test]
fn nobody_else_takes_a_bid_back() {
    let mut world = World::new();
    let (order, rival) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    let account = world.order_at(&order);
    let (own, tenant) = (world.provider.owner(), world.tenant.wallet.insecure_clone());
    for key in [&rival.wallet, &tenant, &world.provider.attestation.insecure_clone()] {
        let withdraw = instruction::bid_withdraw(order, &account, 0, key.pubkey(), &own);
        world.chain.send(&[withdraw], &[key]).is_refused(MarketError::NotOwner);
    }
}

#[test]
fn a_place_without_a_bid_is_refused() {
    let mut world = World::new();
    let order = world.order();
    world.own_bid(&order, RATE).succeeds();
    let (account, own) = (world.order_at(&order), world.provider.copy());
    for place in [1, 7, 8, 255] {
        let withdraw = instruction::bid_withdraw(order, &account, place, own.owner(), &own.owner());
        world
            .chain
            .send(&[withdraw], &[&own.wallet])
            .is_refused(MarketError::NoSuchBid);
    }
}

#[test]
fn whoever_took_its_bid_back_may_bid_again_at_any_rate() {
    let mut world = World::new();
    let order = world.order();
    world.own_bid(&order, RATE).succeeds();
    let own = world.provider.copy();
    world.withdraw_bid(&own, &order, &own.owner()).succeeds();
    world.own_bid(&order, RATE + 1).succeeds();
    let account = world.order_at(&order);
    assert_eq!((account.bids[0].rate, account.bids[0].number), (RATE + 1, 2));
}
