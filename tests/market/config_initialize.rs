//! Creating the configuration.

use anchor_lang::ErrorCode;
use gantry_sdk::{Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{GENESIS_HASH, market_parameters},
    world::World,
};
use market::{MarketError, events::MarketConfigured, state::Config};
use solana_instruction::error::InstructionError;

/// The event that describes a configuration.
pub(crate) fn configured(config: &Config) -> Event {
    Event::MarketConfigured(MarketConfigured {
        authority: config.authority,
        genesis_hash: config.genesis_hash,
        treasury: config.treasury,
        stake_per_gpu: config.stake_per_gpu,
        start_deadline_s: config.start_deadline_s,
        grace_window_s: config.grace_window_s,
        heartbeat_max_age_s: config.heartbeat_max_age_s,
        fee_bps: config.fee_bps,
        paused: u16::from(config.paused),
        fee_burn_bps: u64::from(config.fee_burn_bps),
    })
}

#[test]
fn the_upgrade_authority_creates_the_configuration() {
    let mut world = World::unconfigured();
    let args = market_parameters(world.authority.pubkey());
    let create = instruction::config_initialize(world.deployer.pubkey(), GENESIS_HASH, args);
    let done = world.chain.send(&[create], &[&world.deployer]).succeeds();
    let config = world.config();
    assert_eq!((config.authority, config.genesis_hash), (args.authority, GENESIS_HASH));
    assert_eq!(
        (config.stake_per_gpu, config.fee_bps, config.fee_burn_bps),
        (args.stake_per_gpu, args.fee_bps, args.fee_burn_bps)
    );
    assert_eq!(config.treasury, args.treasury);
    assert_eq!(
        (config.start_deadline_s, config.grace_window_s),
        (args.start_deadline_s, args.grace_window_s)
    );
    assert_eq!(
        (config.heartbeat_max_age_s, config.paused),
        (args.heartbeat_max_age_s, 0)
    );
    assert_eq!(done.event(), configured(&config));
}

#[test]
fn a_stranger_cannot_create_the_configuration() {
    let mut world = World::unconfigured();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let create = instruction::config_initialize(stranger.pubkey(), GENESIS_HASH, market_parameters(stranger.pubkey()));
    world
        .chain
        .send(&[create], &[&stranger])
        .is_refused(MarketError::NotUpgradeAuthority);
}

#[test]
fn the_record_of_another_program_does_not_prove_the_upgrade_authority() {
    let mut world = World::unconfigured();
    let args = market_parameters(world.authority.pubkey());
    let create = instruction::config_initialize(world.deployer.pubkey(), GENESIS_HASH, args);
    let create = exchange(
        create,
        &address::program_data(&market::ID),
        &address::program_data(&staking::ID),
    );
    world
        .chain
        .send(&[create], &[&world.deployer])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn a_record_that_the_loader_does_not_own_does_not_prove_the_upgrade_authority() {
    let mut world = World::unconfigured();
    let address = address::program_data(&market::ID);
    let mut record = world.chain.account(&address).expect("the loader keeps it");
    record.owner = staking::ID;
    // Anchor's tools may call what is no program of the loader's; the runtime cannot, so the program stays loaded.
    record.data.truncate(45);
    world.chain.put(&address, record);
    let args = market_parameters(world.authority.pubkey());
    let create = instruction::config_initialize(world.deployer.pubkey(), GENESIS_HASH, args);
    world
        .chain
        .simulate_unreachable(&[create], &[&world.deployer])
        .is_refused(MarketError::NotUpgradeAuthority);
}

#[test]
fn the_configuration_is_created_once() {
    let mut world = World::configured();
    let args = market_parameters(world.authority.pubkey());
    let again = instruction::config_initialize(world.deployer.pubkey(), GENESIS_HASH, args);
    world
        .chain
        .send(&[again], &[&world.deployer])
        .is_refused(InstructionError::Custom(0));
}

#[test]
fn parameters_outside_the_bounds_are_refused_from_the_first() {
    let mut world = World::unconfigured();
    let mut args = market_parameters(world.authority.pubkey());
    args.fee_bps = 2_001;
    let create = instruction::config_initialize(world.deployer.pubkey(), GENESIS_HASH, args);
    world
        .chain
        .send(&[create], &[&world.deployer])
        .is_refused(MarketError::ParameterOutOfRange);
}
