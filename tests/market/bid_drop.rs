//! Dropping a best bid that can no longer be fulfilled: only then, and who gets the deposit.

use gantry_protocol::reputation::{COUNT_ONE, NEWCOMER_SCORE};
use gantry_sdk::{
    Pubkey, Signer, address,
    event::Event,
    instruction::{market as instruction, staking as staking_instruction},
};
use gantry_tests::{
    orders::{ACCEPT_WINDOW_S, BID_WINDOW_S, BIDDERS_DEPOSIT},
    outcome::Outcome,
    parties::{BOND, CLASS, GPUS, HEARTBEAT_MAX_AGE_S, Provider, RATE, STAKE_PER_GPU, market_parameters},
    world::World,
};
use market::{MarketError, MarketParameters, OrderTerms, state::Node};
use staking::state::Stake;

/// An order with the bids of the world's own provider and of a dearer rival, when no more are taken.
fn contested() -> (World, Pubkey, Provider, Provider) {
    let mut world = World::new();
    let (order, rival) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    world.bid(&rival, &order, RATE + 1).succeeds();
    world.end_bidding(&[&rival]);
    let own = world.provider.copy();
    (world, order, own, rival)
}

/// The best bid is dropped for `reason`, and its deposit can go to one of both alone.
fn is_dropped_for(world: &mut World, order: &Pubkey, own: &Provider, reason: MarketError, by_provider: bool) {
    let (tenant, owner) = (world.tenant.owner(), own.owner());
    let (right, wrong) = if by_provider { (tenant, owner) } else { (owner, tenant) };
    world.drop_bid(order, own, &wrong).is_refused(MarketError::WrongBalance);
    let (before, deposit) = (world.balance(&right).amount, world.order_at(order).deposit);
    let event = world.drop_bid(order, own, &right).succeeds().event();
    assert_eq!(world.balance(&right).amount, before + deposit);
    assert!(world.order_at(order).bid_of(&own.node(0)).is_err());
    let Event::BidDropped(event) = event else {
        panic!("{event:?}")
    };
    assert_eq!((event.order, event.node, event.to), (*order, own.node(0), right));
    assert_eq!((event.deposit, event.balance), (deposit, before + deposit));
    assert_eq!(event.reason, 7_000 + reason as u64);
}

fn update_node(world: &mut World, own: &Provider, max_s: u32, active: bool) {
    let update = instruction::node_update(own.owner(), own.node(0), 1, max_s, active);
    world.chain.send(&[update], &[&own.wallet]).succeeds();
}

fn configure(world: &mut World, change: impl FnOnce(&mut MarketParameters)) {
    let mut parameters = market_parameters(world.authority.pubkey());
    change(&mut parameters);
    let update = instruction::config_update(world.authority.pubkey(), parameters);
    world.chain.send(&[update], &[&world.authority]).succeeds();
}

#[test]
fn a_best_bid_that_can_be_fulfilled_is_not_dropped() {
    let (mut world, order, own, _) = contested();
    for to in [world.tenant.owner(), own.owner()] {
        world.drop_bid(&order, &own, &to).is_refused(MarketError::BidStillGood);
    }
}

#[test]
fn for_a_retired_node_the_provider_loses_its_deposit_to_the_tenant() {
    let (mut world, order, own, _) = contested();
    update_node(&mut world, &own, 86_400, false);
    is_dropped_for(&mut world, &order, &own, MarketError::NodeInactive, true);
}

#[test]
fn for_a_silent_node_as_well_a_second_after_its_heartbeat_became_too_old() {
    let (mut world, order, own, _) = contested();
    let tenant = world.tenant.owner();
    world.chain.advance(i64::from(HEARTBEAT_MAX_AGE_S));
    world
        .drop_bid(&order, &own, &tenant)
        .is_refused(MarketError::BidStillGood);
    world.chain.advance(1);
    is_dropped_for(&mut world, &order, &own, MarketError::NodeSilent, true);
}

#[test]
fn for_a_shorter_longest_duration_as_well() {
    let (mut world, order, own, _) = contested();
    update_node(&mut world, &own, 599, true);
    is_dropped_for(&mut world, &order, &own, MarketError::DurationOutOfRange, true);
}

#[test]
fn for_a_stake_that_no_longer_covers_the_offer_as_well() {
    let (mut world, order, own, _) = contested();
    let unbond = BOND - STAKE_PER_GPU * u64::from(GPUS) + 1;
    let request = staking_instruction::unbonding_request(own.owner(), unbond);
    world.chain.send(&[request], &[&own.wallet]).succeeds();
    is_dropped_for(&mut world, &order, &own, MarketError::StakeBelowOffer, true);
}

#[test]
fn for_rented_gpus_it_gets_its_deposit_back_because_anyone_could_have_rented_them() {
    let (mut world, order, own, _) = contested();
    let most = world.tenant.terms(GPUS - 2);
    world.open_with(most);
    let tenant = world.tenant.owner();
    world
        .drop_bid(&order, &own, &tenant)
        .is_refused(MarketError::BidStillGood);
    let one = world.tenant.terms(1);
    world.open_with(one);
    is_dropped_for(&mut world, &order, &own, MarketError::CapacityExceeded, false);
}

#[test]
fn for_a_narrower_price_range_as_well() {
    let (mut world, order, own, _) = contested();
    let (authority, usdc) = (world.authority.pubkey(), world.usdc.address);
    let narrow = |floor| instruction::price_range_update(authority, &CLASS, usdc, floor, RATE + 5);
    world.chain.send(&[narrow(RATE)], &[&world.authority]).succeeds();
    let tenant = world.tenant.owner();
    world
        .drop_bid(&order, &own, &tenant)
        .is_refused(MarketError::BidStillGood);
    world.chain.send(&[narrow(RATE + 1)], &[&world.authority]).succeeds();
    is_dropped_for(&mut world, &order, &own, MarketError::RateOutOfRange, false);
}

#[test]
fn for_a_score_that_has_fallen_as_well() {
    let mut world = World::new();
    let provider = world.provider.wallet.insecure_clone();
    world.give(&provider, BIDDERS_DEPOSIT);
    let terms = OrderTerms {
        min_score: NEWCOMER_SCORE,
        ..world.order_terms(2)
    };
    let (order, own) = (world.post_with(terms), world.provider.copy());
    world.own_bid(&order, RATE).succeeds();
    world.end_bidding(&[]);
    let tenant = world.tenant.owner();
    world
        .drop_bid(&order, &own, &tenant)
        .is_refused(MarketError::BidStillGood);
    let now = world.chain.now();
    world
        .chain
        .alter(&own.account(), |provider: &mut market::state::Provider| {
            (provider.record.faults, provider.record.as_of) = (COUNT_ONE, now);
        });
    is_dropped_for(&mut world, &order, &own, MarketError::ScoreTooLow, false);
}

#[test]
fn for_having_become_the_treasury_as_well() {
    let (mut world, order, own, _) = contested();
    configure(&mut world, |parameters| parameters.treasury = own.owner());
    is_dropped_for(&mut world, &order, &own, MarketError::TreasuryMayNotTrade, false);
}

#[test]
fn for_stake_that_other_jobs_reserve_as_well() {
    let (mut world, order, own, _) = contested();
    // As after jobs that were opened when a GPU reserved more.
    world.chain.alter(&address::stake(&own.owner()), |stake: &mut Stake| {
        stake.reserved = BOND - 2 * STAKE_PER_GPU + 1;
    });
    let account = world.order_at(&order);
    let drop = instruction::bid_drop(order, &account, &account.bids[0], &own.owner());
    let Outcome(done) = world.chain.simulate_unreachable(&[drop], &[]);
    let events = done.expect("it is dropped").events();
    let Event::BidDropped(event) = events[0].clone() else {
        panic!("{events:?}")
    };
    assert_eq!(event.reason, 7_000 + MarketError::StakeNotFree as u64);
}

#[test]
fn what_the_provider_answers_for_comes_before_what_hides_it() {
    let (mut world, order, own, _) = contested();
    let all = world.tenant.terms(GPUS);
    world.open_with(all);
    update_node(&mut world, &own, 86_400, false);
    is_dropped_for(&mut world, &order, &own, MarketError::NodeInactive, true);
}

#[test]
fn a_node_that_has_fewer_gpus_than_asked_is_its_providers_doing() {
    let (mut world, order, own, _) = contested();
    world.chain.alter(&own.node(0), |node: &mut Node| {
        node.gpus = 1;
        node.gpus_free = 1;
    });
    let account = world.order_at(&order);
    let drop = instruction::bid_drop(order, &account, &account.bids[0], &world.tenant.owner());
    world.chain.simulate_unreachable(&[drop], &[]).succeeds();
}

#[test]
fn only_the_best_bid_is_dropped_and_only_between_both_deadlines() {
    let mut world = World::new();
    let (order, rival) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    world.bid(&rival, &order, RATE + 1).succeeds();
    let (own, tenant) = (world.provider.copy(), world.tenant.owner());
    for provider in [&own, &rival] {
        update_node(&mut world, provider, 86_400, false);
    }
    world.chain.advance(i64::from(BID_WINDOW_S));
    world
        .drop_bid(&order, &own, &tenant)
        .is_refused(MarketError::BiddingOpen);
    world.chain.advance(1);
    world
        .drop_bid(&order, &rival, &tenant)
        .is_refused(MarketError::NotBestBid);
    world.drop_bid(&order, &own, &tenant).succeeds();
    // Now it is the best.
    world.chain.advance(i64::from(ACCEPT_WINDOW_S) - 1);
    let mut later = world.chain.clone();
    std::mem::swap(&mut world.chain, &mut later);
    world.chain.advance(1);
    world
        .drop_bid(&order, &rival, &tenant)
        .is_refused(MarketError::OrderExpired);
    std::mem::swap(&mut world.chain, &mut later);
    world.drop_bid(&order, &rival, &tenant).succeeds();
    assert_eq!(world.order_at(&order).taken().count(), 0);
    assert_eq!(
        world.balance(&rival.owner()).amount,
        BIDDERS_DEPOSIT - world.order_at(&order).deposit
    );
}
