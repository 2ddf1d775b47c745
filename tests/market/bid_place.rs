//! Bidding: who may, and what it costs.

use gantry_protocol::reputation::NEWCOMER_SCORE;
use gantry_sdk::{Signer, event::Event, instruction::market as instruction};
use gantry_tests::{
    orders::{BID_WINDOW_S, BIDDERS_DEPOSIT, MAX_RATE},
    parties::{BOND, GPUS, HEARTBEAT_MAX_AGE_S, RATE, RATE_CEILING, market_parameters, specification},
    world::World,
};
use market::{
    MarketError, MarketParameters, OrderTerms,
    state::{Bid, Node},
};

#[test]
fn a_bid_is_written_down_and_its_deposit_leaves_the_providers_balance() {
    let mut world = World::new();
    let order = world.order();
    let deposit = world.order_at(&order).deposit;
    let event = world.own_bid(&order, RATE).succeeds().event();
    let account = world.order_at(&order);
    let bid = Bid {
        node: world.node_address(),
        provider: world.provider.owner(),
        rate: RATE,
        placed_at: world.chain.now(),
        number: 1,
    };
    assert_eq!(account.bids[0], bid);
    assert_eq!(account.held(), account.escrow + deposit);
    assert_eq!(world.provider_has(), BIDDERS_DEPOSIT - deposit);
    let Event::BidPlaced(event) = event else {
        panic!("{event:?}")
    };
    assert_eq!(
        (event.order, event.node, event.provider),
        (order, bid.node, bid.provider)
    );
    assert_eq!(
        (event.rate, event.number, event.place, event.at),
        (RATE, 1, 0, bid.placed_at)
    );
    assert_eq!((event.deposit, event.balance), (deposit, world.provider_has()));
    assert_eq!((event.displaced, event.displaced_balance), (Default::default(), 0));
}

#[test]
fn a_bid_of_no_node_that_could_be_rented_now_is_refused() {
    let mut world = World::new();
    let order = world.order();
    let (owner, node) = (world.provider.owner(), world.node_address());
    let update = |world: &mut World, (min, max), active| {
        let update = instruction::node_update(owner, node, min, max, active);
        world.chain.send(&[update], &[&world.provider.wallet]).succeeds();
    };
    update(&mut world, (1, 86_400), false);
    world.own_bid(&order, RATE).is_refused(MarketError::NodeInactive);
    update(&mut world, (1, 599), true);
    world.own_bid(&order, RATE).is_refused(MarketError::DurationOutOfRange);
    update(&mut world, (601, 86_400), true);
    world.own_bid(&order, RATE).is_refused(MarketError::DurationOutOfRange);
    update(&mut world, (600, 600), true);
    let rented = world.tenant.terms(GPUS - 1);
    world.open_with(rented);
    world.own_bid(&order, RATE).is_refused(MarketError::CapacityExceeded);
}

#[test]
fn a_silent_node_does_not_bid() {
    let mut world = World::new();
    let terms = OrderTerms {
        bid_window_s: HEARTBEAT_MAX_AGE_S + 10,
        ..world.order_terms(1)
    };
    let provider = world.provider.wallet.insecure_clone();
    world.give(&provider, BIDDERS_DEPOSIT);
    let order = world.post_with(terms);
    world.chain.advance(i64::from(HEARTBEAT_MAX_AGE_S) + 1);
    world.own_bid(&order, RATE).is_refused(MarketError::NodeSilent);
    world.heartbeat().succeeds();
    world.own_bid(&order, RATE).succeeds();
}

#[test]
fn a_node_that_is_not_what_the_order_asks_for_is_refused() {
    let mut world = World::new();
    let provider = world.provider.wallet.insecure_clone();
    world.give(&provider, BIDDERS_DEPOSIT);
    let good = world.order_terms(1);
    let pack = |name| gantry_protocol::class::pack(name).unwrap();
    let (authority, other_class) = (world.authority.pubkey(), pack("h100-pcie"));
    let register = [
        instruction::class_register(authority, other_class),
        instruction::price_range_register(authority, &other_class, world.usdc.address, 1, RATE_CEILING),
    ];
    world.chain.send(&register, &[&world.authority]).succeeds();
    for terms in [
        OrderTerms {
            class: other_class,
            ..good
        },
        OrderTerms {
            region: pack("eu-west"),
            ..good
        },
        OrderTerms {
            min_memory_mib: specification().memory_mib + 1,
            ..good
        },
        OrderTerms {
            gpus: GPUS + 1,
            max_duration_s: 60,
            ..good
        },
    ] {
        let order = world.post_with(terms);
        world.own_bid(&order, RATE).is_refused(MarketError::NodeDoesNotFit);
    }
    for terms in [
        OrderTerms {
            region: specification().region,
            ..good
        },
        OrderTerms {
            min_memory_mib: specification().memory_mib,
            ..good
        },
        OrderTerms {
            gpus: GPUS,
            max_duration_s: 60,
            ..good
        },
    ] {
        let order = world.post_with(terms);
        world.own_bid(&order, RATE).succeeds();
    }
}

#[test]
fn a_provider_below_the_score_that_the_tenant_asks_for_does_not_bid() {
    let mut world = World::new();
    let provider = world.provider.wallet.insecure_clone();
    world.give(&provider, BIDDERS_DEPOSIT);
    let good = world.order_terms(1);
    let of_score = |min_score| OrderTerms { min_score, ..good };
    let order = world.post_with(of_score(NEWCOMER_SCORE + 1));
    world.own_bid(&order, RATE).is_refused(MarketError::ScoreTooLow);
    let order = world.post_with(of_score(NEWCOMER_SCORE));
    world.own_bid(&order, RATE).succeeds();
}

#[test]
fn simulated_gpus_bid_only_where_the_tenant_takes_them() {
    let mut world = World::new();
    let provider = world.provider.wallet.insecure_clone();
    world.give(&provider, BIDDERS_DEPOSIT);
    let node = world.node_address();
    world.chain.alter(&node, |node: &mut Node| node.simulated = 1);
    let real = world.order_terms(1);
    let order = world.post_with(real);
    world.own_bid(&order, RATE).is_refused(MarketError::NodeDoesNotFit);
    let order = world.post_with(OrderTerms {
        simulated: true,
        ..real
    });
    world.own_bid(&order, RATE).succeeds();
}

#[test]
fn a_bid_lies_between_one_and_the_limit_and_inside_the_governed_range() {
    let mut world = World::new();
    let order = world.order();
    for rate in [0, MAX_RATE + 1, u64::MAX] {
        world.own_bid(&order, rate).is_refused(MarketError::BidAboveLimit);
    }
    // The floor is a million.
    world.own_bid(&order, 999_999).is_refused(MarketError::RateOutOfRange);
    world.own_bid(&order, MAX_RATE).succeeds();
    let terms = OrderTerms {
        max_rate: RATE_CEILING + 1,
        max_duration_s: 60,
        ..world.order_terms(1)
    };
    let order = world.post_with(terms);
    world
        .own_bid(&order, RATE_CEILING + 1)
        .is_refused(MarketError::RateOutOfRange);
    world.own_bid(&order, RATE_CEILING).succeeds();
}

#[test]
fn bids_are_taken_until_their_time_is_over_to_the_second() {
    let mut world = World::new();
    let (order, late) = (world.order(), world.bidder());
    world.chain.advance(i64::from(BID_WINDOW_S));
    world.own_bid(&order, RATE).succeeds();
    world.chain.advance(1);
    world.bid(&late, &order, RATE - 1).is_refused(MarketError::BiddingOver);
    // Neither is a bid lowered any more.
    world.own_bid(&order, RATE - 1).is_refused(MarketError::BiddingOver);
}

#[test]
fn a_bid_for_another_order_than_the_bidder_saw_is_refused() {
    let mut world = World::new();
    let order = world.order();
    let seen = world.order_at(&order);
    // The tenant takes it back and posts another at the same address.
    world.cancel_order(&order).succeeds();
    let terms = OrderTerms {
        max_duration_s: 601,
        ..world.order_terms(2)
    };
    world.nonce_back();
    assert_eq!(world.post_with(terms), order);
    let bid = instruction::bid_place(world.provider.owner(), world.node_address(), order, &seen, RATE);
    let wallet = world.provider.wallet.insecure_clone();
    world
        .chain
        .send(&[bid], &[&wallet])
        .is_refused(MarketError::OrderChanged);
    let now = world.order_at(&order);
    for believed in [
        market::state::Order { gpus: 1, ..now },
        market::state::Order {
            deposit: now.deposit + 1,
            ..now
        },
        market::state::Order {
            accept_until: now.accept_until - 1,
            ..now
        },
        market::state::Order {
            max_duration_s: 600,
            ..now
        },
    ] {
        let bid = instruction::bid_place(world.provider.owner(), world.node_address(), order, &believed, RATE);
        world
            .chain
            .send(&[bid], &[&wallet])
            .is_refused(MarketError::OrderChanged);
    }
    world.own_bid(&order, RATE).succeeds();
}

#[test]
fn a_node_lowers_its_bid_without_another_deposit_and_never_raises_it() {
    let mut world = World::new();
    let (order, other) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    let has = world.provider_has();
    for rate in [RATE, RATE + 1] {
        world.own_bid(&order, rate).is_refused(MarketError::BidNotLower);
    }
    world.bid(&other, &order, RATE - 5).succeeds();
    // As low as the other's and later: not the best.
    let event = world.own_bid(&order, RATE - 5).succeeds().event();
    let Event::BidPlaced(event) = event else {
        panic!("{event:?}")
    };
    assert_eq!((event.deposit, event.number, event.place), (0, 3, 0));
    assert_eq!(event.displaced, Default::default());
    assert_eq!(world.provider_has(), has);
    let account = world.order_at(&order);
    assert_eq!(account.taken().count(), 2);
    assert_eq!(account.best(), Some(1));
    world.own_bid(&order, RATE - 6).succeeds();
    assert_eq!(world.order_at(&order).best(), Some(0));
}

#[test]
fn who_cannot_pay_the_deposit_does_not_bid() {
    let mut world = World::new();
    let terms = world.order_terms(2);
    let order = world.post_with(terms);
    world.own_bid(&order, RATE).is_refused(MarketError::InsufficientBalance);
    let deposit = world.order_at(&order).deposit;
    let provider = world.provider.wallet.insecure_clone();
    world.give(&provider, deposit);
    world.own_bid(&order, RATE).succeeds();
    assert_eq!(world.provider_has(), 0);
}

#[test]
fn a_provider_whose_stake_does_not_cover_its_offer_does_not_bid() {
    let mut world = World::new();
    let order = world.order();
    let authority = world.authority.pubkey();
    let with = |stake_per_gpu| {
        instruction::config_update(
            authority,
            MarketParameters {
                stake_per_gpu,
                ..market_parameters(authority)
            },
        )
    };
    let most = BOND / u64::from(GPUS);
    world.chain.send(&[with(most + 1)], &[&world.authority]).succeeds();
    world.own_bid(&order, RATE).is_refused(MarketError::StakeBelowOffer);
    world.chain.send(&[with(most)], &[&world.authority]).succeeds();
    world.own_bid(&order, RATE).succeeds();
}

#[test]
fn nobody_bids_with_anothers_node_or_while_the_market_is_paused() {
    let mut world = World::new();
    let (order, rival) = (world.order(), world.bidder());
    let account = world.order_at(&order);
    let bid = instruction::bid_place(rival.owner(), world.node_address(), order, &account, RATE);
    world
        .chain
        .send(&[bid], &[&rival.wallet])
        .is_refused(MarketError::NotOwner);
    let authority = world.authority.pubkey();
    let paused = MarketParameters {
        paused: true,
        ..market_parameters(authority)
    };
    world
        .chain
        .send(&[instruction::config_update(authority, paused)], &[&world.authority])
        .succeeds();
    world.own_bid(&order, RATE).is_refused(MarketError::Paused);
}
