//! Accepting a bid: by whom, which, and what it opens.

use gantry_protocol::reputation::NEWCOMER_SCORE;
use gantry_sdk::{Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    orders::{ACCEPT_WINDOW_S, BID_WINDOW_S, BIDDERS_DEPOSIT, MAX_RATE},
    parties::{
        CLASS, DEPOSIT, DURATION_S, FEE_BPS, GPUS, GRACE_WINDOW_S, HEARTBEAT_MAX_AGE_S, Provider, RATE, STAKE_PER_GPU,
        START_DEADLINE_S, market_parameters,
    },
    world::World,
};
use market::{
    MarketError, MarketParameters, OrderTerms,
    state::{Job, JobState, OrderState},
};

/// An order with a bid of the world's own provider, and a dearer one of a rival.
fn contested() -> (World, Pubkey, Provider, Provider) {
    let mut world = World::new();
    let (order, rival) = (world.order(), world.bidder());
    world.own_bid(&order, RATE).succeeds();
    world.bid(&rival, &order, RATE + 1).succeeds();
    let own = world.provider.copy();
    (world, order, own, rival)
}

fn cost(rate: u64) -> u64 {
    rate * 2 * u64::from(DURATION_S) / 1_000_000
}

#[test]
fn accepting_opens_the_job_that_job_open_would_at_the_bids_rate() {
    let (mut world, order, own, _) = contested();
    let account = world.order_at(&order);
    let before = world.tenant_has();
    let events = world.accept(&order, &own).succeeds().events();
    let address = address::job(&world.tenant.owner(), account.nonce);
    let by_order = world.job(&address);
    // The same by name: the node's price is the bid's rate.
    let terms = world.tenant.terms(2);
    let by_name = world.open_with(terms);
    let by_name = world.job(&by_name);
    assert_eq!(
        Job {
            nonce: by_name.nonce,
            bump: by_name.bump,
            ..by_order
        },
        by_name
    );
    assert_eq!(
        (by_order.escrow, by_order.rate, by_order.gpus),
        (cost(RATE), 2 * RATE, 2)
    );
    assert_eq!((by_order.fee_bps, by_order.grace_window_s), (FEE_BPS, GRACE_WINDOW_S));
    assert_eq!(
        by_order.start_deadline,
        by_order.opened_at + i64::from(START_DEADLINE_S)
    );
    assert_eq!(
        world.tenant_has() + by_name.escrow,
        before + cost(MAX_RATE) - cost(RATE)
    );
    assert_eq!(world.stake().reserved, 4 * STAKE_PER_GPU);
    assert_eq!(world.node().gpus_free, GPUS - 4);
    let order_now = world.order_at(&order);
    assert_eq!(order_now.state(), Some(OrderState::Accepted));
    assert_eq!(order_now.held(), 2 * account.deposit);
    let (Event::JobOpened(opened), Event::OrderAccepted(accepted)) = (&events[1], &events[2]) else {
        panic!("{events:?}");
    };
    assert_eq!(
        (opened.job, opened.rate, opened.escrow),
        (address, 2 * RATE, cost(RATE))
    );
    assert_eq!(opened.balance, before + cost(MAX_RATE) - cost(RATE));
    assert_eq!(
        (accepted.order, accepted.job, accepted.node),
        (order, address, own.node(0))
    );
    assert_eq!(
        (accepted.returned, accepted.balance),
        (cost(MAX_RATE) - cost(RATE), opened.balance)
    );
    assert_eq!(accepted.place, 0);
}

#[test]
fn the_tenant_may_accept_any_bid_at_once() {
    let (mut world, order, _, rival) = contested();
    world.accept(&order, &rival).succeeds();
    let job = world.job(&address::job(&world.tenant.owner(), 0));
    assert_eq!((job.provider, job.rate), (rival.owner(), 2 * (RATE + 1)));
}

#[test]
fn anyone_else_waits_until_no_more_bids_are_taken_and_gets_the_best_alone() {
    let (mut world, order, own, rival) = contested();
    let stranger = world.passer_by();
    world.pass(i64::from(BID_WINDOW_S), &[&rival]);
    for provider in [&own, &rival] {
        world
            .accept_by(&stranger, &order, provider)
            .is_refused(MarketError::BiddingOpen);
    }
    world.chain.advance(1);
    world
        .accept_by(&stranger, &order, &rival)
        .is_refused(MarketError::NotBestBid);
    world
        .accept_by(&rival.wallet, &order, &rival)
        .is_refused(MarketError::NotBestBid);
    world.accept_by(&stranger, &order, &own).succeeds();
    assert_eq!(world.job(&address::job(&world.tenant.owner(), 0)).provider, own.owner());
}

#[test]
fn of_two_bids_at_one_rate_the_earlier_is_the_best_wherever_it_lies() {
    let mut world = World::new();
    let (order, second, third) = (world.order(), world.bidder(), world.bidder());
    world.own_bid(&order, RATE + 2).succeeds();
    world.bid(&second, &order, RATE).succeeds();
    world.bid(&third, &order, RATE).succeeds();
    // The first place is freed and taken again: the bid there is the latest.
    let own = world.provider.copy();
    world.withdraw_bid(&own, &order, &own.owner()).succeeds();
    world.own_bid(&order, RATE).succeeds();
    world.end_bidding(&[&second, &third]);
    let stranger = world.passer_by();
    for provider in [&own, &third] {
        world
            .accept_by(&stranger, &order, provider)
            .is_refused(MarketError::NotBestBid);
    }
    world.accept_by(&stranger, &order, &second).succeeds();
}

#[test]
fn a_best_bid_that_was_dropped_leaves_the_next_one_to_be_accepted() {
    let (mut world, order, own, rival) = contested();
    world.chain.advance(i64::from(BID_WINDOW_S) + 1);
    world.pass(i64::from(HEARTBEAT_MAX_AGE_S), &[&rival]);
    let retire = instruction::node_update(own.owner(), own.node(0), 1, 86_400, false);
    world.chain.send(&[retire], &[&own.wallet]).succeeds();
    let stranger = world.passer_by();
    world
        .accept_by(&stranger, &order, &own)
        .is_refused(MarketError::NodeInactive);
    world
        .accept_by(&stranger, &order, &rival)
        .is_refused(MarketError::NotBestBid);
    let tenant = world.tenant.owner();
    world.drop_bid(&order, &own, &tenant).succeeds();
    world.accept_by(&stranger, &order, &rival).succeeds();
}

#[test]
fn a_bid_can_be_accepted_until_its_time_is_over_to_the_second() {
    let (mut world, order, own, rival) = contested();
    world.pass(i64::from(BID_WINDOW_S + ACCEPT_WINDOW_S), &[&rival]);
    let at_the_end = world.chain.clone();
    world.chain.advance(1);
    for caller in [world.tenant.wallet.insecure_clone(), world.passer_by()] {
        world
            .accept_by(&caller, &order, &own)
            .is_refused(MarketError::OrderExpired);
    }
    world.chain = at_the_end;
    world.accept(&order, &own).succeeds();
}

#[test]
fn a_bidder_cannot_raise_its_bid_under_the_tenants_hand() {
    let (mut world, order, own, _) = contested();
    let account = world.order_at(&order);
    let (tenant, bid) = (world.tenant.wallet.insecure_clone(), account.bids[0]);
    // The tenant saw this bid and signed for it; meanwhile it was taken back and placed again, dearer.
    let accept = instruction::order_accept(tenant.pubkey(), order, &account, &bid, bid.rate);
    world.withdraw_bid(&own, &order, &own.owner()).succeeds();
    world.own_bid(&order, RATE + 1).succeeds();
    world
        .chain
        .send(std::slice::from_ref(&accept), &[&tenant])
        .is_refused(MarketError::RateAboveLimit);
    // A lower one does as well.
    world.own_bid(&order, RATE - 1).succeeds();
    world.chain.send(&[accept], &[&tenant]).succeeds();
}

#[test]
fn whoever_accepts_gets_the_jobs_rent_back_out_of_the_order() {
    let (mut world, order, own, _) = contested();
    world.end_bidding(&[]);
    let stranger = world.passer_by();
    let lamports = |world: &World, of: &Pubkey| world.chain.account(of).unwrap().lamports;
    let (had, held) = (lamports(&world, &stranger.pubkey()), lamports(&world, &order));
    world.accept_by(&stranger, &order, &own).succeeds();
    assert_eq!(lamports(&world, &stranger.pubkey()), had);
    let job = address::job(&world.tenant.owner(), 0);
    assert_eq!(lamports(&world, &order) + lamports(&world, &job), held);
}

#[test]
fn the_deposits_of_all_go_back_one_by_one_and_with_the_last_the_rent() {
    let (mut world, order, own, rival) = contested();
    world.accept(&order, &own).succeeds();
    let (tenant, account) = (world.tenant.owner(), world.order_at(&order));
    let lamports = |world: &World, of: &Pubkey| world.chain.account(of).unwrap().lamports;
    let (had, rent) = (lamports(&world, &tenant), lamports(&world, &order));
    let refund = |place: u8| instruction::bid_refund(order, &account, place, &account.bids[usize::from(place)]);
    // The winner's as well, whether its job starts or not.
    let event = world.chain.send(&[refund(0)], &[]).succeeds().event();
    let Event::BidRefunded(event) = event else {
        panic!("{event:?}")
    };
    assert_eq!(
        (event.provider, event.deposit, event.bids),
        (own.owner(), account.deposit, 1)
    );
    assert_eq!(event.balance, BIDDERS_DEPOSIT);
    world.chain.send(&[refund(0)], &[]).is_refused(MarketError::NoSuchBid);
    world.chain.send(&[refund(1)], &[]).succeeds();
    assert_eq!(
        (world.provider_has(), world.balance(&rival.owner()).amount),
        (BIDDERS_DEPOSIT, BIDDERS_DEPOSIT)
    );
    assert!(world.is_gone(&order));
    assert_eq!(lamports(&world, &tenant), had + rent);
    assert_eq!(world.tenant_has(), DEPOSIT - cost(RATE));
}

#[test]
fn the_job_lives_like_any_other() {
    let (mut world, order, own, _) = contested();
    world.accept(&order, &own).succeeds();
    world.refund_all(&order);
    let job = address::job(&world.tenant.owner(), 0);
    world.start(&job).succeeds();
    world.chain.advance(10);
    let receipt = world.final_receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
    world.close(&job).succeeds();
    let ended = world.job(&job);
    assert_eq!(ended.state(), Some(JobState::Closed));
    assert_eq!(world.tenant_has(), DEPOSIT - ended.owed);
    assert_eq!(world.provider_has(), BIDDERS_DEPOSIT + ended.paid);
}

#[test]
fn a_job_that_is_never_started_gives_the_tenant_its_escrow_back() {
    let (mut world, order, own, _) = contested();
    world.accept(&order, &own).succeeds();
    world.refund_all(&order);
    world.chain.advance(i64::from(START_DEADLINE_S) + 1);
    world.cancel(&address::job(&world.tenant.owner(), 0)).succeeds();
    assert_eq!((world.tenant_has(), world.provider_has()), (DEPOSIT, BIDDERS_DEPOSIT));
}

#[test]
fn what_job_open_refuses_is_refused_here_too() {
    let (mut world, order, own, _) = contested();
    let whole = world.chain.clone();
    let authority = world.authority.pubkey();
    let configure = |world: &mut World, change: &dyn Fn(&mut MarketParameters)| {
        let mut parameters = market_parameters(authority);
        change(&mut parameters);
        let update = instruction::config_update(authority, parameters);
        world.chain.send(&[update], &[&world.authority]).succeeds();
    };
    configure(&mut world, &|parameters| parameters.paused = true);
    world.accept(&order, &own).is_refused(MarketError::Paused);
    world.chain = whole.clone();
    configure(&mut world, &|parameters| parameters.treasury = own.owner());
    world.accept(&order, &own).is_refused(MarketError::TreasuryMayNotTrade);
    world.chain = whole.clone();
    let usdc = world.usdc.address;
    let narrow = instruction::price_range_update(authority, &CLASS, usdc, RATE + 1, RATE + 2);
    world.chain.send(&[narrow], &[&world.authority]).succeeds();
    world.accept(&order, &own).is_refused(MarketError::RateOutOfRange);
    world.chain = whole.clone();
    let closed = instruction::mint_update(authority, usdc, false);
    world.chain.send(&[closed], &[&world.authority]).succeeds();
    world.accept(&order, &own).is_refused(MarketError::MintDisabled);
    world.chain = whole.clone();
    let closed = instruction::class_update(authority, &CLASS, false);
    world.chain.send(&[closed], &[&world.authority]).succeeds();
    world.accept(&order, &own).is_refused(MarketError::ClassDisabled);
    world.chain = whole.clone();
    let rented = world.tenant.terms(GPUS - 1);
    world.open_with(rented);
    world.accept(&order, &own).is_refused(MarketError::CapacityExceeded);
    world.chain = whole;
    world.chain.advance(i64::from(HEARTBEAT_MAX_AGE_S) + 1);
    world.accept(&order, &own).is_refused(MarketError::NodeSilent);
}

#[test]
fn a_provider_whose_score_has_fallen_below_what_the_order_asks_for_is_refused() {
    let mut world = World::new();
    let provider = world.provider.wallet.insecure_clone();
    world.give(&provider, BIDDERS_DEPOSIT);
    let terms = OrderTerms {
        min_score: NEWCOMER_SCORE,
        ..world.order_terms(2)
    };
    let (order, own) = (world.post_with(terms), world.provider.copy());
    world.own_bid(&order, RATE).succeeds();
    let whole = world.chain.clone();
    let now = world.chain.now();
    world
        .chain
        .alter(&own.account(), |provider: &mut market::state::Provider| {
            (provider.record.faults, provider.record.as_of) = (1, now);
        });
    world.accept(&order, &own).is_refused(MarketError::ScoreTooLow);
    world.chain = whole;
    world.accept(&order, &own).succeeds();
}

#[test]
fn a_node_that_has_not_bid_gets_nothing() {
    let (mut world, order, own, _) = contested();
    let outsider = world.bidder();
    let account = world.order_at(&order);
    let mut bid = account.bids[0];
    (bid.node, bid.provider) = (outsider.node(0), outsider.owner());
    let accept = instruction::order_accept(world.tenant.owner(), order, &account, &bid, u64::MAX);
    world
        .chain
        .send(&[accept], &[&world.tenant.wallet])
        .is_refused(MarketError::NoSuchBid);
    world.accept(&order, &own).succeeds();
    world
        .accept(&order, &own)
        .is_refused(solana_instruction::error::InstructionError::Custom(0));
}

#[test]
fn what_is_left_goes_to_the_tenants_own_balance() {
    let (mut world, order, own, rival) = contested();
    let account = world.order_at(&order);
    let usdc = world.usdc.address;
    world.end_bidding(&[&rival]);
    let stranger = world.passer_by();
    let accept = instruction::order_accept(stranger.pubkey(), order, &account, &account.bids[0], u64::MAX);
    let of = |owner: &Pubkey| address::balance(owner, &usdc);
    let accept = exchange(accept, &of(&world.tenant.owner()), &of(&own.owner()));
    world
        .chain
        .send(&[accept], &[&stranger])
        .is_refused(MarketError::WrongBalance);
}
