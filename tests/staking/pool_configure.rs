//! Changing the pool's parameters.

use std::slice;

use gantry_protocol::limits::{MAX_UNBONDING_PERIOD_S, MIN_UNBONDING_PERIOD_S};
use gantry_sdk::{Pubkey, Signer, event::Event, instruction::staking as instruction};
use gantry_tests::{
    key,
    parties::{BOND, UNBONDING_PERIOD_S},
    world::World,
};
use staking::{StakingError, events::PoolConfigured, state::Pool};

#[test]
fn the_authority_changes_every_parameter_and_hands_over() {
    let mut world = World::configured();
    let before = world.pool();
    let successor = Pubkey::new_unique();
    let configure = instruction::pool_configure(world.authority.pubkey(), successor, 2 * UNBONDING_PERIOD_S);
    let done = world.chain.send(&[configure], &[&world.authority]).succeeds();
    let pool = world.pool();
    let after = Pool {
        authority: successor,
        unbonding_period_s: 2 * UNBONDING_PERIOD_S,
        ..before
    };
    assert_eq!(pool, after);
    let configured = PoolConfigured {
        authority: pool.authority,
        mint: world.gnt.address,
        market_signer: pool.market_signer,
        unbonding_period_s: u64::from(pool.unbonding_period_s),
        vault: pool.vault,
        decimals: u64::from(pool.decimals),
    };
    assert_eq!(done.event(), Event::PoolConfigured(configured));
}

#[test]
fn an_authority_that_handed_over_has_no_more_say() {
    let mut world = World::configured();
    let successor = Pubkey::new_unique();
    let configure = instruction::pool_configure(world.authority.pubkey(), successor, UNBONDING_PERIOD_S);
    world
        .chain
        .send(slice::from_ref(&configure), &[&world.authority])
        .succeeds();
    world
        .chain
        .send(&[configure], &[&world.authority])
        .is_refused(StakingError::NotAuthority);
}

#[test]
fn a_stranger_cannot_change_the_parameters() {
    let mut world = World::configured();
    let stranger = key::fresh();
    let configure = instruction::pool_configure(stranger.pubkey(), stranger.pubkey(), UNBONDING_PERIOD_S);
    world
        .chain
        .send(&[configure], &[&stranger])
        .is_refused(StakingError::NotAuthority);
}

#[test]
fn an_unbonding_period_outside_the_bounds_is_refused() {
    let mut world = World::configured();
    for unbonding_period_s in [MIN_UNBONDING_PERIOD_S - 1, MAX_UNBONDING_PERIOD_S + 1, 0, u32::MAX] {
        let authority = world.authority.pubkey();
        let configure = instruction::pool_configure(authority, authority, unbonding_period_s);
        world
            .chain
            .send(&[configure], &[&world.authority])
            .is_refused(StakingError::UnbondingPeriodOutOfRange);
    }
}

#[test]
fn a_longer_period_does_not_touch_a_running_request() {
    let mut world = World::new();
    let owner = world.provider.owner();
    let request = instruction::unbonding_request(owner, BOND);
    world.chain.send(&[request], &[&world.provider.wallet]).succeeds();
    let authority = world.authority.pubkey();
    let configure = instruction::pool_configure(authority, authority, MAX_UNBONDING_PERIOD_S);
    world.chain.send(&[configure], &[&world.authority]).succeeds();
    world.chain.advance(i64::from(UNBONDING_PERIOD_S));
    let gnt = world.gnt.clone();
    let destination = gnt.account_of(&mut world.chain, &owner);
    let withdraw = instruction::unbonding_withdraw(owner, gnt.address, destination, gnt.token_program);
    world.chain.send(&[withdraw], &[]).succeeds();
}

#[test]
fn an_authority_that_nobody_can_sign_for_is_refused() {
    let mut world = World::configured();
    let configure = instruction::pool_configure(world.authority.pubkey(), Pubkey::default(), UNBONDING_PERIOD_S);
    world
        .chain
        .send(&[configure], &[&world.authority])
        .is_refused(StakingError::InvalidKey);
}
