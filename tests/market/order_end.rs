//! Ending an order without a job: everything goes back to everybody.

use gantry_sdk::{Pubkey, Signer, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    orders::{ACCEPT_WINDOW_S, BID_WINDOW_S, BIDDERS_DEPOSIT},
    parties::{DEPOSIT, RATE, market_parameters},
    world::World,
};
use market::{MarketError, MarketParameters, state::OrderState};

fn lamports(world: &World, of: &Pubkey) -> u64 {
    world.chain.account(of).map_or(0, |account| account.lamports)
}

#[test]
fn an_order_without_bids_is_closed_at_once_and_all_goes_back_to_the_tenant() {
    let mut world = World::new();
    let tenant = world.tenant.owner();
    let had = lamports(&world, &tenant);
    let order = world.order();
    let escrow = world.order_at(&order).escrow;
    let event = world.cancel_order(&order).succeeds().event();
    let Event::OrderCancelled(event) = event else {
        panic!("{event:?}")
    };
    assert_eq!((event.order, event.refund, event.balance), (order, escrow, DEPOSIT));
    assert_eq!((event.bids, event.expired), (0, 0));
    assert!(world.is_gone(&order));
    assert_eq!((world.tenant_has(), lamports(&world, &tenant)), (DEPOSIT, had));
}

#[test]
fn an_order_with_bids_waits_until_the_last_deposit_has_gone_back() {
    let mut world = World::new();
    let tenant = world.tenant.owner();
    let had = lamports(&world, &tenant);
    let (order, rival) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    world.bid(&rival, &order, RATE).succeeds();
    world.cancel_order(&order).succeeds();
    assert_eq!(world.tenant_has(), DEPOSIT);
    let account = world.order_at(&order);
    assert_eq!(account.state(), Some(OrderState::Cancelled));
    assert_eq!(account.held(), 2 * account.deposit);
    world.refund_all(&order);
    assert!(world.is_gone(&order));
    assert_eq!(
        (world.provider_has(), world.balance(&rival.owner()).amount),
        (BIDDERS_DEPOSIT, BIDDERS_DEPOSIT)
    );
    assert_eq!(lamports(&world, &tenant), had);
}

#[test]
fn all_deposits_go_back_in_one_transaction_too() {
    let mut world = World::new();
    let (order, rival) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    world.bid(&rival, &order, RATE).succeeds();
    world.cancel_order(&order).succeeds();
    let refunds = instruction::bid_refunds(order, &world.order_at(&order));
    world.chain.send(&refunds, &[]).succeeds();
    assert!(world.is_gone(&order));
}

#[test]
fn anyone_ends_an_order_a_second_after_the_last_bid_could_be_accepted() {
    let mut world = World::new();
    let order = world.order();
    world.own_bid(&order, RATE).succeeds();
    world.chain.advance(i64::from(BID_WINDOW_S + ACCEPT_WINDOW_S));
    world.expire_order(&order).is_refused(MarketError::OrderNotExpired);
    world.chain.advance(1);
    let event = world.expire_order(&order).succeeds().event();
    let Event::OrderCancelled(event) = event else {
        panic!("{event:?}")
    };
    assert_eq!((event.balance, event.bids, event.expired), (DEPOSIT, 1, 1));
    world.refund_all(&order);
    assert_eq!((world.tenant_has(), world.provider_has()), (DEPOSIT, BIDDERS_DEPOSIT));
    assert!(world.is_gone(&order));
}

#[test]
fn the_tenant_may_end_it_at_any_time_and_nobody_else_before() {
    for passed in [0, BID_WINDOW_S + 1, BID_WINDOW_S + ACCEPT_WINDOW_S + 1] {
        let mut world = World::new();
        let order = world.order();
        world.chain.advance(i64::from(passed));
        let cancel = instruction::order_cancel(order, &world.order_at(&order));
        let own = world.provider.wallet.insecure_clone();
        let session = world.tenant.session.insecure_clone();
        for key in [&own, &session] {
            let cancel = exchange(cancel.clone(), &world.tenant.owner(), &key.pubkey());
            world.chain.send(&[cancel], &[key]).is_refused(MarketError::NotTenant);
        }
        world.cancel_order(&order).succeeds();
    }
}

#[test]
fn a_pause_keeps_nobodys_money() {
    let mut world = World::new();
    let (order, other) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    world.bid(&other, &order, RATE).succeeds();
    let paused = MarketParameters {
        paused: true,
        ..market_parameters(world.authority.pubkey())
    };
    let update = instruction::config_update(world.authority.pubkey(), paused);
    world.chain.send(&[update], &[&world.authority]).succeeds();
    let own = world.provider.copy();
    world.withdraw_bid(&own, &order, &own.owner()).succeeds();
    world.cancel_order(&order).succeeds();
    world.refund_all(&order);
    assert_eq!((world.tenant_has(), world.provider_has()), (DEPOSIT, BIDDERS_DEPOSIT));
    assert_eq!(world.balance(&other.owner()).amount, BIDDERS_DEPOSIT);
}

#[test]
fn a_deposit_goes_back_to_its_provider_and_the_rent_to_the_tenant_alone() {
    let mut world = World::new();
    let (order, rival) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    world.cancel_order(&order).succeeds();
    let account = world.order_at(&order);
    let mut bid = account.bids[0];
    bid.provider = rival.owner();
    let to_rival = instruction::bid_refund(order, &account, 0, &bid);
    world.chain.send(&[to_rival], &[]).is_refused(MarketError::WrongBalance);
    let refund = instruction::bid_refund(order, &account, 0, &account.bids[0]);
    let refund = exchange(refund, &world.tenant.owner(), &rival.owner());
    world
        .chain
        .send(&[refund], &[])
        .is_refused(anchor_lang::ErrorCode::ConstraintAddress);
}
