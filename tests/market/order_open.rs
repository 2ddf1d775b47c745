//! Posting an order: what is set aside, and which terms are refused.

use gantry_protocol::{
    limits::{MAX_ACCEPT_WINDOW_S, MAX_BID_WINDOW_S, MAX_JOB_DURATION_S, MIN_ACCEPT_WINDOW_S, MIN_BID_WINDOW_S},
    reputation::MAX_SCORE,
};
use gantry_sdk::{Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    orders::{ACCEPT_WINDOW_S, BID_WINDOW_S, MAX_RATE},
    parties::{DEPOSIT, DURATION_S, market_parameters},
    world::World,
};
use market::{
    MarketError, MarketParameters, OrderTerms,
    state::{Job, Order, OrderState},
};
use solana_instruction::error::InstructionError;

#[test]
fn an_order_takes_what_the_job_would_cost_at_the_limit_out_of_the_tenants_balance() {
    let mut world = World::new();
    let terms = world.order_terms(2);
    let now = world.chain.now();
    let order = world.post_with(terms);
    let escrow = 2 * MAX_RATE * u64::from(DURATION_S) / 1_000_000;
    let account = world.order_at(&order);
    assert_eq!((account.escrow, account.held()), (escrow, escrow));
    assert_eq!(world.tenant_has(), DEPOSIT - escrow);
    // A hundredth, rounded down.
    assert_eq!(account.deposit, escrow / 100);
    assert_eq!(account.state(), Some(OrderState::Open));
    assert_eq!(
        (account.opened_at, account.bids_until, account.accept_until),
        (
            now,
            now + i64::from(BID_WINDOW_S),
            now + i64::from(BID_WINDOW_S + ACCEPT_WINDOW_S)
        )
    );
    assert_eq!(
        (account.tenant, account.mint),
        (world.tenant.owner(), world.usdc.address)
    );
    assert_eq!(
        (account.class, account.gpus, account.max_rate),
        (terms.class, 2, MAX_RATE)
    );
    assert_eq!(account.taken().count(), 0);
}

#[test]
fn the_event_says_all_that_the_account_holds() {
    let mut world = World::new();
    let order = address::order(&world.tenant.owner(), 0);
    let terms = OrderTerms {
        region: gantry_protocol::class::pack("eu-central").unwrap(),
        min_score: 700,
        simulated: true,
        ..world.order_terms(3)
    };
    let Event::OrderOpened(event) = world.post(terms).succeeds().event() else {
        panic!("another event");
    };
    let mut rebuilt: Order = bytemuck::Zeroable::zeroed();
    rebuilt.tenant = event.tenant;
    rebuilt.mint = event.mint;
    rebuilt.session_key = event.session_key;
    rebuilt.bundle_hash = event.bundle_hash;
    rebuilt.class = event.class;
    rebuilt.region = event.region;
    rebuilt.nonce = event.nonce;
    rebuilt.max_rate = event.max_rate;
    rebuilt.escrow = event.escrow;
    rebuilt.deposit = event.deposit;
    rebuilt.job_rent = event.job_rent;
    rebuilt.opened_at = event.opened_at;
    rebuilt.bids_until = event.bids_until;
    rebuilt.accept_until = event.accept_until;
    rebuilt.max_duration_s = event.max_duration_s;
    rebuilt.min_memory_mib = event.min_memory_mib;
    rebuilt.gpus = event.gpus;
    rebuilt.min_score = event.min_score;
    rebuilt.simulated = u8::try_from(event.simulated).unwrap();
    rebuilt.state = OrderState::Open as u8;
    let account = world.order_at(&order);
    // Found again from the seeds.
    rebuilt.bump = account.bump;
    assert_eq!(rebuilt, account);
    assert_eq!((event.order, event.balance), (order, world.tenant_has()));
}

#[test]
fn the_order_holds_its_own_rent_and_that_of_the_job_to_come() {
    let mut world = World::new();
    let terms = world.order_terms(1);
    let order = world.post_with(terms);
    let job_rent = world.chain.rent(8 + size_of::<Job>());
    assert_eq!(world.order_at(&order).job_rent, job_rent);
    let lamports = world.chain.account(&order).unwrap().lamports;
    assert_eq!(lamports, world.chain.rent(8 + size_of::<Order>()) + job_rent);
}

#[test]
fn the_smallest_order_still_asks_for_a_deposit() {
    let mut world = World::new();
    let terms = OrderTerms {
        max_rate: 1_000_000,
        max_duration_s: 1,
        ..world.order_terms(1)
    };
    let order = world.post_with(terms);
    let account = world.order_at(&order);
    assert_eq!((account.escrow, account.deposit), (1, 1));
    let nothing = OrderTerms {
        max_rate: 999_999,
        ..terms
    };
    world.post(nothing).is_refused(MarketError::ZeroEscrow);
}

#[test]
fn the_windows_are_bounded_to_the_second() {
    let mut world = World::new();
    let with = |world: &World, bid_window_s, accept_window_s| OrderTerms {
        bid_window_s,
        accept_window_s,
        max_duration_s: 1,
        ..world.order_terms(1)
    };
    for (bids, accept) in [
        (MIN_BID_WINDOW_S - 1, MIN_ACCEPT_WINDOW_S),
        (MAX_BID_WINDOW_S + 1, MIN_ACCEPT_WINDOW_S),
        (MIN_BID_WINDOW_S, MIN_ACCEPT_WINDOW_S - 1),
        (MIN_BID_WINDOW_S, MAX_ACCEPT_WINDOW_S + 1),
        (0, 0),
        (u32::MAX, u32::MAX),
    ] {
        let terms = with(&world, bids, accept);
        world.post(terms).is_refused(MarketError::InvalidWindow);
    }
    for (bids, accept) in [
        (MIN_BID_WINDOW_S, MIN_ACCEPT_WINDOW_S),
        (MAX_BID_WINDOW_S, MAX_ACCEPT_WINDOW_S),
    ] {
        let terms = with(&world, bids, accept);
        world.post_with(terms);
    }
}

#[test]
fn an_order_for_what_no_node_can_be_is_refused() {
    let mut world = World::new();
    let good = world.order_terms(1);
    for gpus in [0, 65, u16::MAX] {
        world
            .post(OrderTerms { gpus, ..good })
            .is_refused(MarketError::InvalidOrder);
    }
    for max_duration_s in [0, MAX_JOB_DURATION_S + 1] {
        let terms = OrderTerms { max_duration_s, ..good };
        world.post(terms).is_refused(MarketError::InvalidOrder);
    }
    world
        .post(OrderTerms { max_rate: 0, ..good })
        .is_refused(MarketError::InvalidOrder);
    let session_key = Pubkey::default();
    world
        .post(OrderTerms { session_key, ..good })
        .is_refused(MarketError::InvalidKey);
    for min_score in [MAX_SCORE + 1, u16::MAX] {
        world
            .post(OrderTerms { min_score, ..good })
            .is_refused(MarketError::InvalidOrder);
    }
    let region = *b"\0eu\0\0\0\0\0\0\0\0\0\0\0\0\0";
    world
        .post(OrderTerms { region, ..good })
        .is_refused(MarketError::InvalidName);
    let max_rate = u64::MAX;
    world
        .post(OrderTerms {
            max_rate,
            gpus: 2,
            ..good
        })
        .is_refused(MarketError::AmountOverflow);
}

#[test]
fn an_order_names_a_class_that_is_registered_and_enabled() {
    let mut world = World::new();
    let unknown = OrderTerms {
        class: *b"h200-sxm\0\0\0\0\0\0\0\0",
        ..world.order_terms(1)
    };
    world.post(unknown).is_refused(InstructionError::UninitializedAccount);
    world.enable_class(false).succeeds();
    let terms = world.order_terms(1);
    world.post(terms).is_refused(MarketError::ClassDisabled);
}

#[test]
fn a_tenant_without_the_money_posts_nothing() {
    let mut world = World::new();
    // Eight GPUs at this rate for as long cost a hair more than the tenant has.
    let max_rate = DEPOSIT * 1_000_000 / u64::from(DURATION_S) / 8 + 1_000;
    let terms = OrderTerms {
        max_rate,
        ..world.order_terms(8)
    };
    world.post(terms).is_refused(MarketError::InsufficientBalance);
}

#[test]
fn while_the_market_is_paused_or_the_mint_disabled_no_order_is_posted() {
    let mut world = World::new();
    let terms = world.order_terms(1);
    let authority = world.authority.pubkey();
    let paused = MarketParameters {
        paused: true,
        ..market_parameters(authority)
    };
    for (parameters, refused) in [(paused, true), (market_parameters(authority), false)] {
        let update = instruction::config_update(authority, parameters);
        world.chain.send(&[update], &[&world.authority]).succeeds();
        if refused {
            world.post(terms).is_refused(MarketError::Paused);
        }
    }
    let usdc = world.usdc.address;
    world.chain.alter(
        &address::registered_mint(&usdc),
        |mint: &mut market::state::RegisteredMint| mint.enabled = 0,
    );
    world.post(terms).is_refused(MarketError::MintDisabled);
}

#[test]
fn a_number_is_used_by_one_order_at_a_time() {
    let mut world = World::new();
    let terms = world.order_terms(1);
    world.post(terms).succeeds();
    world
        .post(terms)
        .is_refused(solana_instruction::error::InstructionError::Custom(0));
}

#[test]
fn it_is_paid_out_of_the_tenants_own_balance_in_the_mint() {
    let mut world = World::new();
    let (tenant, provider, usdc) = (world.tenant.owner(), world.provider.owner(), world.usdc.address);
    let open = instruction::order_open(tenant, 0, usdc, world.order_terms(1));
    let open = exchange(
        open,
        &address::balance(&tenant, &usdc),
        &address::balance(&provider, &usdc),
    );
    world
        .chain
        .send(&[open], &[&world.tenant.wallet])
        .is_refused(MarketError::WrongBalance);
}
