//! Creating the pool.

use anchor_lang::ErrorCode;
use gantry_protocol::limits::{MAX_UNBONDING_PERIOD_S, MIN_UNBONDING_PERIOD_S};
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::staking as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{UNBONDING_PERIOD_S, pool_parameters},
    token::Mint,
    world::World,
};
use solana_instruction::error::InstructionError;
use staking::{PoolParameters, StakingError, events::PoolConfigured};

fn initialize(world: &World, mint: &Mint, args: PoolParameters) -> Instruction {
    instruction::pool_initialize(world.deployer.pubkey(), mint.address, mint.token_program, args)
}

fn parameters(world: &World) -> PoolParameters {
    pool_parameters(world.authority.pubkey())
}

#[test]
fn the_upgrade_authority_creates_the_pool() {
    let mut world = World::unconfigured();
    let create = initialize(&world, &world.gnt, parameters(&world));
    let done = world.chain.send(&[create], &[&world.deployer]).succeeds();
    let pool = world.pool();
    assert_eq!(pool.authority, world.authority.pubkey());
    assert_eq!(pool.mint, world.gnt.address);
    assert_eq!(pool.vault, address::pool_vault());
    assert_eq!(pool.market_signer, address::market_signer());
    assert_eq!(
        (pool.staked, pool.unbonding_period_s, pool.decimals),
        (0, UNBONDING_PERIOD_S, 9)
    );
    let configured = PoolConfigured {
        authority: pool.authority,
        mint: pool.mint,
        market_signer: pool.market_signer,
        unbonding_period_s: u64::from(pool.unbonding_period_s),
        vault: pool.vault,
        decimals: u64::from(pool.decimals),
    };
    assert_eq!(done.event(), Event::PoolConfigured(configured));
}

#[test]
fn a_stranger_cannot_create_the_pool() {
    let mut world = World::unconfigured();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let create = initialize(&world, &world.gnt, parameters(&world));
    let create = exchange(create, &world.deployer.pubkey(), &stranger.pubkey());
    world
        .chain
        .send(&[create], &[&stranger])
        .is_refused(StakingError::NotUpgradeAuthority);
}

#[test]
fn the_upgrade_authority_of_another_program_cannot_create_the_pool() {
    let mut world = World::unconfigured();
    let create = initialize(&world, &world.gnt, parameters(&world));
    let of_market = address::program_data(&market::ID);
    let create = exchange(create, &address::program_data(&staking::ID), &of_market);
    world
        .chain
        .send(&[create], &[&world.deployer])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn a_program_that_can_no_longer_be_upgraded_has_nobody_who_creates_its_pool() {
    let mut world = World::unconfigured();
    let address = address::program_data(&staking::ID);
    let mut program_data = world.chain.account(&address).expect("the loader keeps it");
    program_data.data[12] = 0;
    world.chain.put(&address, program_data);
    let create = initialize(&world, &world.gnt, parameters(&world));
    world
        .chain
        .send(&[create], &[&world.deployer])
        .is_refused(StakingError::NotUpgradeAuthority);
}

#[test]
fn the_pool_is_created_once() {
    let mut world = World::configured();
    let again = initialize(&world, &world.gnt, parameters(&world));
    world
        .chain
        .send(&[again], &[&world.deployer])
        .is_refused(InstructionError::Custom(0));
}

#[test]
fn a_mint_with_an_extension_is_refused_even_one_that_the_market_admits() {
    let mut world = World::unconfigured();
    let mint = Mint::with_transfer_fee(&mut world.chain, 9);
    let create = initialize(&world, &mint, parameters(&world));
    world
        .chain
        .send(&[create], &[&world.deployer])
        .is_refused(StakingError::MintNotAdmitted);
}

#[test]
fn a_mint_of_the_token_program_of_2022_without_extensions_is_admitted() {
    let mut world = World::unconfigured();
    let mint = Mint::plain_2022(&mut world.chain, 9);
    let create = initialize(&world, &mint, parameters(&world));
    world.chain.send(&[create], &[&world.deployer]).succeeds();
    assert_eq!(world.pool().mint, mint.address);
}

#[test]
fn the_mint_must_belong_to_the_token_program_that_is_named() {
    let mut world = World::unconfigured();
    let mint = Mint::plain_2022(&mut world.chain, 9);
    let create = initialize(&world, &mint, parameters(&world));
    let create = exchange(create, &mint.token_program, &address::TOKEN_PROGRAM);
    world
        .chain
        .send(&[create], &[&world.deployer])
        .is_refused(InstructionError::IncorrectProgramId);
}

#[test]
fn the_shortest_and_the_longest_unbonding_period_are_accepted() {
    for unbonding_period_s in [MIN_UNBONDING_PERIOD_S, MAX_UNBONDING_PERIOD_S] {
        let mut world = World::unconfigured();
        let args = PoolParameters {
            unbonding_period_s,
            ..parameters(&world)
        };
        let create = initialize(&world, &world.gnt, args);
        world.chain.send(&[create], &[&world.deployer]).succeeds();
    }
}

#[test]
fn an_unbonding_period_outside_the_bounds_is_refused() {
    for unbonding_period_s in [MIN_UNBONDING_PERIOD_S - 1, MAX_UNBONDING_PERIOD_S + 1] {
        let mut world = World::unconfigured();
        let args = PoolParameters {
            unbonding_period_s,
            ..parameters(&world)
        };
        let create = initialize(&world, &world.gnt, args);
        world
            .chain
            .send(&[create], &[&world.deployer])
            .is_refused(StakingError::UnbondingPeriodOutOfRange);
    }
}

#[test]
fn an_authority_or_a_market_that_nobody_can_sign_for_is_refused() {
    let world = World::unconfigured();
    let args = parameters(&world);
    for args in [
        PoolParameters {
            authority: Pubkey::default(),
            ..args
        },
        PoolParameters {
            market_signer: Pubkey::default(),
            ..args
        },
    ] {
        let mut world = World::unconfigured();
        let create = initialize(&world, &world.gnt, args);
        world
            .chain
            .send(&[create], &[&world.deployer])
            .is_refused(StakingError::InvalidKey);
    }
}
