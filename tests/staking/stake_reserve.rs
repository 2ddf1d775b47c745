//! Reserving stake for a job, which only the market does.

use gantry_sdk::{
    Signer, address,
    event::Event,
    instruction::{market as market_instruction, staking as instruction},
};
use gantry_tests::{
    key,
    parties::{BOND, RATE, STAKE_PER_GPU, specification},
    world::World,
};
use market::{MarketError, NodeSpecification};
use staking::{StakingError, events::StakeReserved, state::Stake};

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
    let (owner, wallet) = (world.provider.owner(), world.provider.wallet.insecure_clone());
    let stake = address::stake(&owner);
    // Seven GPUs are rented before the node leaves the market for one of a single GPU, which alone the stake must cover from then on.
    let seven = world.tenant.terms(7);
    world.open_with(seven);
    let one_gpu = NodeSpecification {
        gpus: 1,
        ..specification()
    };
    let exchange = [
        market_instruction::node_update(owner, world.node_address(), 1, 86_400, false),
        market_instruction::node_register(owner, 1, one_gpu),
        market_instruction::node_price_set(owner, world.provider.node(1), world.usdc.address, RATE),
        market_instruction::node_heartbeat(
            world.provider.attestation.pubkey(),
            world.provider.account(),
            world.provider.node(1),
        ),
        instruction::unbonding_request(owner, BOND - 7 * STAKE_PER_GPU),
    ];
    let attestation = world.provider.attestation.insecure_clone();
    world.chain.send(&exchange, &[&wallet, &attestation]).succeeds();
    assert_eq!(world.chain.get::<Stake>(&stake).free(), 0);
    let (tenant, usdc) = (world.tenant.owner(), world.usdc.address);
    let terms = world.tenant.terms(1);
    let open = market_instruction::job_open(tenant, 1, world.provider.node(1), owner, usdc, terms);
    world
        .chain
        .send(&[open.clone()], &[&world.tenant.wallet])
        .is_refused(StakingError::InsufficientStake);
    let cancel = instruction::unbonding_cancel(owner, 0);
    world.chain.send(&[cancel], &[&wallet]).succeeds();
    world.chain.send(&[open], &[&world.tenant.wallet]).succeeds();
}

#[test]
fn the_stake_of_another_provider_cannot_be_reserved() {
    let mut world = World::new();
    let other = gantry_tests::parties::Provider::new();
    world.admit(&other);
    let open = world.open_instruction(world.tenant.terms(1));
    let open = gantry_tests::forge::exchange(
        open,
        &address::stake(&world.provider.owner()),
        &address::stake(&other.owner()),
    );
    world
        .chain
        .send(&[open], &[&world.tenant.wallet])
        .is_refused(MarketError::WrongStake);
}
