//! Changing the configuration.

use gantry_protocol::limits::{MAX_FEE_BPS, MAX_GRACE_WINDOW_S, MAX_START_DEADLINE_S, MIN_GRACE_WINDOW_S};
use gantry_sdk::{Pubkey, Signer, instruction::market as instruction};
use gantry_tests::{key, outcome::Outcome, parties::market_parameters, world::World};
use market::{MarketError, MarketParameters};

use crate::config_initialize::configured;

fn update(world: &mut World, change: impl FnOnce(&mut MarketParameters)) -> Outcome {
    let mut args = market_parameters(world.authority.pubkey());
    change(&mut args);
    let update = instruction::config_update(world.authority.pubkey(), args);
    world.chain.send(&[update], &[&world.authority])
}

#[test]
fn the_authority_changes_every_parameter_but_the_genesis_hash() {
    let mut world = World::configured();
    let genesis_hash = world.config().genesis_hash;
    let args = MarketParameters {
        authority: Pubkey::new_unique(),
        treasury: Pubkey::new_unique(),
        stake_per_gpu: 1,
        start_deadline_s: 2,
        grace_window_s: 6,
        heartbeat_max_age_s: 10,
        fee_bps: 3,
        fee_burn_bps: 4,
        paused: true,
    };
    let done = update(&mut world, |parameters| *parameters = args).succeeds();
    let config = world.config();
    assert_eq!((config.authority, config.genesis_hash), (args.authority, genesis_hash));
    assert_eq!(
        (config.stake_per_gpu, config.start_deadline_s, config.grace_window_s),
        (1, 2, 6)
    );
    assert_eq!((config.heartbeat_max_age_s, config.fee_bps, config.paused), (10, 3, 1));
    assert_eq!((config.treasury, config.fee_burn_bps), (args.treasury, 4));
    assert_eq!(done.event(), configured(&config));
}

#[test]
fn a_stranger_cannot_change_the_configuration() {
    let mut world = World::configured();
    let stranger = key::fresh();
    let update = instruction::config_update(stranger.pubkey(), market_parameters(stranger.pubkey()));
    world
        .chain
        .send(&[update], &[&stranger])
        .is_refused(MarketError::NotAuthority);
}

#[test]
fn not_even_the_upgrade_authority_changes_it_once_governance_has_it() {
    let mut world = World::configured();
    let update = instruction::config_update(world.deployer.pubkey(), market_parameters(world.deployer.pubkey()));
    world
        .chain
        .send(&[update], &[&world.deployer])
        .is_refused(MarketError::NotAuthority);
}

#[test]
fn an_authority_that_handed_over_has_no_more_say() {
    let mut world = World::configured();
    update(&mut world, |args| args.authority = Pubkey::new_unique()).succeeds();
    update(&mut world, |_| ()).is_refused(MarketError::NotAuthority);
}

#[test]
fn each_parameter_is_accepted_at_its_bounds() {
    let mut world = World::configured();
    update(&mut world, |args| args.fee_bps = 0).succeeds();
    update(&mut world, |args| args.fee_bps = MAX_FEE_BPS).succeeds();
    update(&mut world, |args| args.fee_burn_bps = 0).succeeds();
    update(&mut world, |args| args.fee_burn_bps = 10_000).succeeds();
    update(&mut world, |args| args.grace_window_s = MIN_GRACE_WINDOW_S).succeeds();
    update(&mut world, |args| args.grace_window_s = MAX_GRACE_WINDOW_S).succeeds();
    update(&mut world, |args| args.start_deadline_s = 1).succeeds();
    update(&mut world, |args| args.start_deadline_s = MAX_START_DEADLINE_S).succeeds();
    update(&mut world, |args| args.heartbeat_max_age_s = 10).succeeds();
    update(&mut world, |args| args.stake_per_gpu = 0).succeeds();
}

#[test]
fn a_fee_above_twenty_percent_is_refused() {
    let mut world = World::configured();
    update(&mut world, |args| args.fee_bps = MAX_FEE_BPS + 1).is_refused(MarketError::ParameterOutOfRange);
}

#[test]
fn burning_more_than_all_fees_is_refused() {
    let mut world = World::configured();
    update(&mut world, |args| args.fee_burn_bps = 10_001).is_refused(MarketError::ParameterOutOfRange);
}

#[test]
fn a_treasury_that_nobody_can_sign_for_is_refused() {
    let mut world = World::configured();
    update(&mut world, |args| args.treasury = Pubkey::default()).is_refused(MarketError::InvalidKey);
}

#[test]
fn a_grace_window_that_is_too_short_or_too_long_is_refused() {
    let mut world = World::configured();
    for grace_window_s in [0, MIN_GRACE_WINDOW_S - 1, MAX_GRACE_WINDOW_S + 1] {
        let refused = update(&mut world, |args| args.grace_window_s = grace_window_s);
        refused.is_refused(MarketError::ParameterOutOfRange);
    }
}

#[test]
fn a_start_deadline_of_zero_or_above_an_hour_is_refused() {
    let mut world = World::configured();
    for start_deadline_s in [0, MAX_START_DEADLINE_S + 1] {
        let refused = update(&mut world, |args| args.start_deadline_s = start_deadline_s);
        refused.is_refused(MarketError::ParameterOutOfRange);
    }
}

#[test]
fn a_heartbeat_age_below_ten_seconds_is_refused() {
    let mut world = World::configured();
    update(&mut world, |args| args.heartbeat_max_age_s = 9).is_refused(MarketError::ParameterOutOfRange);
}

#[test]
fn a_running_job_keeps_the_fee_and_the_grace_window_that_it_was_opened_with() {
    let mut world = World::new();
    let job = world.running_job();
    let before = world.job(&job);
    update(&mut world, |args| (args.fee_bps, args.grace_window_s) = (2_000, 3_600)).succeeds();
    assert_eq!(world.job(&job), before);
    world.chain.advance(100);
    let receipt = world.receipt(&job, 100_000);
    world.settle(&receipt).succeeds();
    let job = world.job(&job);
    assert_eq!(job.fee, job.owed * u64::from(before.fee_bps) / 10_000);
}

#[test]
fn an_authority_that_nobody_can_sign_for_is_refused() {
    let mut world = World::configured();
    update(&mut world, |args| args.authority = Pubkey::default()).is_refused(MarketError::InvalidKey);
}
