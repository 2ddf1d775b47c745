//! Reserving stake for a job, which only the market does.

use std::slice;

use gantry_sdk::{
    Signer, address,
    event::Event,
    instruction::{market as market_instruction, staking as instruction},
};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{BOND, CLASS, GPUS, RATE, STAKE_PER_GPU, specification},
    world::World,
};
use market::MarketError;
use staking::{StakingError, events::StakeReserved};

#[test]
fn opening_a_job_reserves_its_stake_and_says_so() {
    let mut world = World::new();
    let terms = world.tenant.terms(3);
    let done = world.open(terms).succeeds();
    let stake = world.stake();
    assert_eq!((stake.active, stake.reserved), (BOND, 3 * STAKE_PER_GPU));
    let reserved = StakeReserved {
        owner: stake.owner,
        amount: 3 * STAKE_PER_GPU,
        reserved: stake.reserved,
    };
    assert_eq!(done.events()[0], Event::StakeReserved(reserved));
}

#[test]
fn a_stranger_cannot_reserve_stake() {
    let mut world = World::new();
    let stranger = key::fresh();
    let reserve = instruction::stake_reserve(stranger.pubkey(), world.provider.owner(), 1);
    world
        .chain
        .send(&[reserve], &[&stranger])
        .is_refused(StakingError::NotMarket);
}

#[test]
fn neither_the_owner_nor_governance_can_reserve_stake() {
    let mut world = World::new();
    let owner = world.provider.owner();
    let reserve = instruction::stake_reserve(owner, owner, 1);
    world
        .chain
        .send(&[reserve], &[&world.provider.wallet])
        .is_refused(StakingError::NotMarket);
    let reserve = instruction::stake_reserve(world.authority.pubkey(), owner, 1);
    world
        .chain
        .send(&[reserve], &[&world.authority])
        .is_refused(StakingError::NotMarket);
}

#[test]
fn the_markets_signer_must_really_sign() {
    let mut world = World::new();
    let mut reserve = instruction::stake_reserve(address::market_signer(), world.provider.owner(), 1);
    reserve.accounts[0].is_signer = false;
    world
        .chain
        .send(&[reserve], &[])
        .is_refused(solana_instruction::error::InstructionError::MissingRequiredSignature);
}

#[test]
fn a_job_that_needs_more_than_the_free_stake_is_refused() {
    let mut world = World::new();
    let (owner, gpus) = (world.provider.owner(), u64::from(GPUS));
    let request = instruction::unbonding_request(owner, BOND - gpus * STAKE_PER_GPU);
    world.chain.send(&[request], &[&world.provider.wallet]).succeeds();
    let all = world.tenant.terms(GPUS);
    world.open_with(all);
    assert_eq!(world.stake().free(), 0);

    // The stake covers what a second node offers once the first is off the market, but the first one's job holds it all.
    let second = world.provider.node(1);
    let exchange_nodes = [
        market_instruction::node_update(owner, world.node_address(), 1, 86_400, false),
        market_instruction::node_register(owner, 1, specification()),
        market_instruction::node_price_set(owner, second, &CLASS, world.usdc.address, RATE),
    ];
    world.chain.send(&exchange_nodes, &[&world.provider.wallet]).succeeds();
    let devices = world.provider.devices(1, 0..GPUS);
    world.chain.send(&devices, &[&world.provider.wallet]).succeeds();
    let attestation = &world.provider.attestation;
    let alive = market_instruction::node_heartbeat(attestation.pubkey(), world.provider.account(), second);
    world.chain.send(&[alive], &[attestation]).succeeds();
    let open = exchange(
        world.open_instruction(world.tenant.terms(1)),
        &world.node_address(),
        &second,
    );
    world
        .chain
        .send(slice::from_ref(&open), &[&world.tenant.wallet])
        .is_refused(StakingError::InsufficientStake);
    world.delegator_of(STAKE_PER_GPU);
    world.chain.send(&[open], &[&world.tenant.wallet]).succeeds();
    assert_eq!(world.stake().reserved, (gpus + 1) * STAKE_PER_GPU);
}

#[test]
fn the_stake_of_another_provider_cannot_be_reserved() {
    let mut world = World::new();
    let other = gantry_tests::parties::Provider::new();
    world.admit(&other);
    let open = world.open_instruction(world.tenant.terms(1));
    let open = exchange(
        open,
        &address::stake(&world.provider.owner()),
        &address::stake(&other.owner()),
    );
    world
        .chain
        .send(&[open], &[&world.tenant.wallet])
        .is_refused(MarketError::WrongStake);
}
