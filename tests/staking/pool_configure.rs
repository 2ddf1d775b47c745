//! Changing the pool's parameters.

use std::slice;

use gantry_protocol::limits::{MAX_UNBONDING_PERIOD_S, MIN_UNBONDING_PERIOD_S};
use gantry_sdk::{Pubkey, Signer, event::Event, instruction::staking as instruction};
use gantry_tests::{
    key,
    parties::{BOND, UNBONDING_PERIOD_S, pool_parameters},
    world::World,
};
use staking::{PoolParameters, StakingError, events::PoolConfigured};

#[test]
fn the_authority_changes_every_parameter_and_hands_over() {
    let mut world = World::configured();
    let args = PoolParameters {
        authority: Pubkey::new_unique(),
        market_signer: Pubkey::new_unique(),
        unbonding_period_s: 2 * UNBONDING_PERIOD_S,
    };
    let configure = instruction::pool_configure(world.authority.pubkey(), args);
    let done = world.chain.send(&[configure], &[&world.authority]).succeeds();
    let pool = world.pool();
    assert_eq!(
        (pool.authority, pool.market_signer),
        (args.authority, args.market_signer)
    );
    assert_eq!(pool.unbonding_period_s, args.unbonding_period_s);
    let configured = PoolConfigured {
        authority: pool.authority,
        mint: world.gnt.address,
        market_signer: pool.market_signer,
        unbonding_period_s: u64::from(pool.unbonding_period_s),
    };
    assert_eq!(done.event(), Event::PoolConfigured(configured));
}

#[test]
fn an_authority_that_handed_over_has_no_more_say() {
    let mut world = World::configured();
    let successor = pool_parameters(Pubkey::new_unique());
    let configure = instruction::pool_configure(world.authority.pubkey(), successor);
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
    let configure = instruction::pool_configure(stranger.pubkey(), pool_parameters(stranger.pubkey()));
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
        let args = PoolParameters {
            unbonding_period_s,
            ..pool_parameters(authority)
        };
        let configure = instruction::pool_configure(authority, args);
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
    let longest = PoolParameters {
        unbonding_period_s: MAX_UNBONDING_PERIOD_S,
        ..pool_parameters(authority)
    };
    let configure = instruction::pool_configure(authority, longest);
    world.chain.send(&[configure], &[&world.authority]).succeeds();
    world.chain.advance(i64::from(UNBONDING_PERIOD_S));
    let gnt = world.gnt.clone();
    let destination = gnt.account_of(&mut world.chain, &owner);
    let withdraw = instruction::unbonding_withdraw(owner, gnt.address, destination, gnt.token_program);
    world.chain.send(&[withdraw], &[]).succeeds();
}
