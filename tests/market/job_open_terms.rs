//! Opening a job: what is asked for, and what the node, the mint and governance allow.

use std::slice;

use gantry_protocol::limits::MAX_JOB_DURATION_S;
use gantry_sdk::{
    Pubkey, Signer, address,
    instruction::{market as instruction, staking as staking_instruction},
};
use gantry_tests::{
    parties::{BOND, CLASS, DURATION_S, GPUS, RATE, STAKE_PER_GPU, market_parameters},
    world::World,
};
use market::{
    JobTerms, MarketError, MarketParameters,
    state::{Balance, Node, PriceRange},
};
use staking::{StakingError, state::Pool};

#[test]
fn a_session_key_of_zeros_is_refused() {
    let mut world = World::new();
    let terms = JobTerms {
        session_key: Pubkey::default(),
        ..world.tenant.terms(1)
    };
    world.open(terms).is_refused(MarketError::InvalidKey);
}

#[test]
fn a_rate_above_the_tenants_limit_is_refused() {
    let mut world = World::new();
    let terms = world.tenant.terms(8);
    world
        .open(JobTerms {
            max_rate: RATE - 1,
            ..terms
        })
        .is_refused(MarketError::RateAboveLimit);
    world
        .open(JobTerms {
            max_rate: RATE,
            ..terms
        })
        .succeeds();
}

#[test]
fn a_duration_outside_what_the_node_offers_is_refused() {
    let mut world = World::new();
    let (owner, node) = (world.provider.owner(), world.node_address());
    let narrow = instruction::node_update(owner, node, 60, 120, true);
    world.chain.send(&[narrow], &[&world.provider.wallet]).succeeds();
    for max_duration_s in [0, 59, 121, u32::MAX] {
        let terms = JobTerms {
            max_duration_s,
            ..world.tenant.terms(1)
        };
        world.open(terms).is_refused(MarketError::DurationOutOfRange);
    }
    for max_duration_s in [60, 120] {
        let terms = JobTerms {
            max_duration_s,
            ..world.tenant.terms(1)
        };
        world.open_with(terms);
    }
}

#[test]
fn no_gpus_or_more_than_are_free_are_refused() {
    let mut world = World::new();
    for gpus in [0, GPUS + 1, u16::MAX] {
        let terms = world.tenant.terms(gpus);
        world.open(terms).is_refused(MarketError::CapacityExceeded);
    }
    let five = world.tenant.terms(5);
    world.open_with(five);
    let four = world.tenant.terms(4);
    world.open(four).is_refused(MarketError::CapacityExceeded);
    let three = world.tenant.terms(3);
    world.open_with(three);
    assert_eq!(world.node().gpus_free, 0);
}

#[test]
fn a_balance_smaller_than_the_escrow_is_refused_and_one_that_just_covers_it_is_not() {
    let world = World::new();
    let escrow = RATE * u64::from(DURATION_S) / 1_000_000;
    let balance = address::balance(&world.tenant.owner(), &world.usdc.address);
    let terms = world.tenant.terms(1);
    let with = |amount: u64| {
        let mut chain = world.chain.clone();
        chain.alter::<Balance>(&balance, |balance| balance.amount = amount);
        chain.simulate_unreachable(&[world.open_instruction(terms)], &[&world.tenant.wallet])
    };
    with(escrow - 1).is_refused(MarketError::InsufficientBalance);
    with(escrow).succeeds();
}

#[test]
fn a_job_that_would_cost_nothing_is_refused() {
    let mut world = World::new();
    let authority = world.authority.pubkey();
    let (owner, node, usdc) = (world.provider.owner(), world.node_address(), world.usdc.address);
    let lower = instruction::price_range_update(authority, &CLASS, usdc, 1, 1);
    let price = instruction::node_price_set(owner, node, &CLASS, usdc, 1);
    world
        .chain
        .send(&[lower, price], &[&world.authority, &world.provider.wallet])
        .succeeds();
    // A micro-atom a second is an atom in a million seconds, and a job lasts a day at most here.
    let terms = JobTerms {
        max_duration_s: 86_400,
        ..world.tenant.terms(1)
    };
    world.open(terms).is_refused(MarketError::ZeroEscrow);
}

#[test]
fn rates_and_stakes_that_leave_64_bits_are_refused() {
    let mut world = World::new();
    let (usdc, node) = (world.usdc.address, world.node_address());
    let terms = world.tenant.terms(2);
    let mut chain = world.chain.clone();
    chain.alter::<PriceRange>(&address::price_range(&CLASS, &usdc), |range| range.ceiling = u64::MAX);
    chain.alter::<Node>(&node, |node| node.prices[0].rate = u64::MAX / 2 + 1);
    let open = world.open_instruction(terms);
    chain
        .simulate_unreachable(slice::from_ref(&open), &[&world.tenant.wallet])
        .is_refused(MarketError::AmountOverflow);

    let authority = world.authority.pubkey();
    let mut args = market_parameters(authority);
    args.stake_per_gpu = u64::MAX / 2 + 1;
    let configure = instruction::config_update(authority, args);
    world.chain.send(&[configure], &[&world.authority]).succeeds();
    world.open(terms).is_refused(MarketError::AmountOverflow);
}

#[test]
fn no_job_is_opened_while_the_market_is_paused_and_running_ones_go_on() {
    let mut world = World::new();
    let job = world.running_job();
    let authority = world.authority.pubkey();
    let mut args = market_parameters(authority);
    args.paused = true;
    let pause = instruction::config_update(authority, args);
    world.chain.send(&[pause], &[&world.authority]).succeeds();
    let terms = world.tenant.terms(1);
    world.open(terms).is_refused(MarketError::Paused);
    world.chain.advance(10);
    let receipt = world.final_receipt(&job, 10_000);
    world.settle(&receipt).succeeds();
    world.close(&job).succeeds();
}

#[test]
fn a_node_that_never_said_it_is_alive_is_not_rented() {
    let mut world = World::new();
    let owner = world.provider.owner();
    let register = [
        instruction::node_register(owner, 1, gantry_tests::parties::specification()),
        instruction::node_price_set(owner, world.provider.node(1), &CLASS, world.usdc.address, RATE),
    ];
    world.chain.send(&register, &[&world.provider.wallet]).succeeds();
    let open = instruction::job_open(
        world.tenant.owner(),
        0,
        world.provider.node(1),
        owner,
        &CLASS,
        world.usdc.address,
        world.tenant.terms(1),
    );
    world
        .chain
        .send(&[open], &[&world.tenant.wallet])
        .is_refused(MarketError::NodeSilent);
}

#[test]
fn a_pool_with_another_market_refuses_the_reserve_and_with_it_the_job() {
    let mut world = World::new();
    world.chain.alter(&gantry_sdk::address::pool(), |pool: &mut Pool| {
        pool.market_signer = Pubkey::new_unique()
    });
    let terms = world.tenant.terms(1);
    world.open(terms).is_refused(StakingError::NotMarket);
}

#[test]
fn an_escrow_beyond_64_bits_is_refused() {
    let mut world = World::new();
    let authority = world.authority.pubkey();
    let (owner, node, usdc) = (world.provider.owner(), world.node_address(), world.usdc.address);
    let raise = [
        instruction::price_range_update(authority, &CLASS, usdc, 1, u64::MAX),
        instruction::node_price_set(owner, node, &CLASS, usdc, u64::MAX),
        instruction::node_update(owner, node, 1, MAX_JOB_DURATION_S, true),
    ];
    world
        .chain
        .send(&raise, &[&world.authority, &world.provider.wallet])
        .succeeds();
    // The rate is in micro-atoms per second, so a million seconds cost as many atoms as it says: the most that 64 bits hold.
    let for_seconds = |max_duration_s| JobTerms {
        max_duration_s,
        ..world.tenant.terms(1)
    };
    let (most, more) = (for_seconds(1_000_000), for_seconds(1_000_001));
    world.open(most).is_refused(MarketError::InsufficientBalance);
    world.open(more).is_refused(MarketError::AmountOverflow);
}

#[test]
fn a_provider_with_less_stake_than_its_offer_needs_gets_no_new_jobs_while_its_running_ones_go_on() {
    let mut world = World::new();
    let job = world.running_job();
    let (owner, wallet) = (world.provider.owner(), world.provider.wallet.insecure_clone());
    // All but what eight GPUs need.
    let unbond = |amount| staking_instruction::unbonding_request(owner, amount);
    let spare = BOND - 8 * STAKE_PER_GPU;
    world.chain.send(&[unbond(spare)], &[&wallet]).succeeds();
    let terms = world.tenant.terms(1);
    let second = world.open_with(terms);
    world.chain.send(&[unbond(1)], &[&wallet]).succeeds();
    world.open(terms).is_refused(MarketError::StakeBelowOffer);
    for job in [job, second] {
        let attestation = world.provider.attestation.insecure_clone();
        if world.job(&job).started_at == 0 {
            world.start(&job).succeeds();
        }
        let receipt = world.receipt(&job, 0);
        world.settle(&receipt).succeeds();
        world.close_by(&attestation, &job).succeeds();
    }
    let cancel = staking_instruction::unbonding_cancel(owner, 1);
    world.chain.send(&[cancel], &[&wallet]).succeeds();
    world.open(terms).succeeds();
}

#[test]
fn a_raised_requirement_stops_new_jobs_of_whoever_does_not_meet_it() {
    let mut world = World::new();
    let authority = world.authority.insecure_clone();
    let demand = |stake_per_gpu| {
        let parameters = MarketParameters {
            stake_per_gpu,
            ..market_parameters(authority.pubkey())
        };
        instruction::config_update(authority.pubkey(), parameters)
    };
    let terms = world.tenant.terms(1);
    for (per_gpu, error) in [
        (BOND / 8 + 1, MarketError::StakeBelowOffer),
        (u64::MAX, MarketError::AmountOverflow),
    ] {
        world.chain.send(&[demand(per_gpu)], &[&authority]).succeeds();
        world.open(terms).is_refused(error);
    }
    world.chain.send(&[demand(BOND / 8)], &[&authority]).succeeds();
    world.open(terms).succeeds();
}

#[test]
fn the_treasury_neither_rents_nor_lets() {
    let mut world = World::new();
    for party in [world.tenant.owner(), world.provider.owner()] {
        let mut args = market_parameters(world.authority.pubkey());
        args.treasury = party;
        let update = instruction::config_update(world.authority.pubkey(), args);
        world.chain.send(&[update], &[&world.authority]).succeeds();
        let terms = world.tenant.terms(1);
        world.open(terms).is_refused(MarketError::TreasuryMayNotTrade);
    }
}
