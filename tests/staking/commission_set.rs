//! The provider's part of what delegated stake earns.

use gantry_protocol::limits::{MAX_COMMISSION_BPS, MAX_UNBONDING_PERIOD_S, MIN_COMMISSION_NOTICE_S};
use gantry_sdk::{
    Signer, address,
    event::Event,
    instruction::{delegation as instruction, staking as staking_instruction},
};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{BOND, Provider, UNBONDING_PERIOD_S},
    world::World,
};
use staking::{StakingError, events::CommissionSet};

const NOTICE_S: i64 = MIN_COMMISSION_NOTICE_S as i64;

/// A world whose provider takes 10 %.
fn at_ten_percent() -> World {
    let mut world = World::new();
    world.set_commission(1_000).succeeds();
    world.chain.advance(NOTICE_S);
    world.set_commission(1_000).succeeds();
    assert_eq!(world.stake().commission_bps, 1_000);
    world
}

fn commission(world: &World) -> (u16, u16, i64) {
    let stake = world.stake();
    (stake.commission_bps, stake.next_commission_bps, stake.commission_from)
}

#[test]
fn a_new_stake_takes_no_commission() {
    assert_eq!(commission(&World::new()), (0, 0, 0));
}

#[test]
fn a_rise_is_announced_and_counts_after_a_week() {
    let mut world = World::new();
    let done = world.set_commission(1_000).succeeds();
    let from = world.chain.now() + NOTICE_S;
    assert_eq!(commission(&world), (0, 1_000, from));
    assert_eq!(world.stake().commission_at(from - 1), 0);
    assert_eq!(world.stake().commission_at(from), 1_000);
    let set = CommissionSet {
        owner: world.provider.owner(),
        commission_bps: 0,
        next_commission_bps: 1_000,
        commission_from: from,
    };
    assert_eq!(done.event(), Event::CommissionSet(set));
}

#[test]
fn rewards_before_that_moment_pay_the_old_commission_and_rewards_from_it_on_the_new() {
    let mut world = World::new();
    world.delegator_of(BOND);
    world.set_commission(1_000).succeeds();
    world.chain.advance(NOTICE_S - 1);
    let commission_of = |world: &mut World| {
        let Event::RewardAdded(added) = world.reward(1_000).succeeds().event() else {
            panic!("another event")
        };
        (added.commission, added.commission_bps)
    };
    assert_eq!(commission_of(&mut world), (0, 0));
    world.chain.advance(1);
    assert_eq!(commission_of(&mut world), (50, 1_000));
    assert_eq!(commission(&world), (1_000, 1_000, 0));
}

#[test]
fn a_fall_counts_at_once_and_takes_an_announced_rise_back() {
    let mut world = at_ten_percent();
    world.set_commission(2_000).succeeds();
    world.set_commission(500).succeeds();
    assert_eq!(commission(&world), (500, 500, 0));
}

#[test]
fn saying_the_present_one_again_takes_an_announced_rise_back() {
    let mut world = at_ten_percent();
    world.set_commission(2_000).succeeds();
    world.set_commission(1_000).succeeds();
    assert_eq!(commission(&world), (1_000, 1_000, 0));
}

#[test]
fn announcing_again_never_brings_a_rise_nearer() {
    let mut world = World::new();
    let authority = world.authority.pubkey();
    let configure = |period_s| staking_instruction::pool_configure(authority, authority, period_s);
    world
        .chain
        .send(&[configure(MAX_UNBONDING_PERIOD_S)], &[&world.authority])
        .succeeds();
    world.set_commission(1_000).succeeds();
    let from = world.chain.now() + i64::from(MAX_UNBONDING_PERIOD_S);
    assert_eq!(
        commission(&world),
        (0, 1_000, from),
        "the unbonding period is longer than a week"
    );
    world
        .chain
        .send(&[configure(UNBONDING_PERIOD_S)], &[&world.authority])
        .succeeds();
    world.chain.advance(100);
    world.set_commission(1_000).succeeds();
    assert_eq!(commission(&world), (0, 1_000, from));
    world.set_commission(1).succeeds();
    assert_eq!(commission(&world), (0, 1, from));
}

#[test]
fn announcing_another_rise_begins_the_notice_anew() {
    let mut world = World::new();
    world.set_commission(1_000).succeeds();
    world.chain.advance(100);
    world.set_commission(2_000).succeeds();
    assert_eq!(commission(&world), (0, 2_000, world.chain.now() + NOTICE_S));
}

#[test]
fn a_rise_whose_moment_has_come_is_what_the_next_one_starts_from() {
    let mut world = World::new();
    world.set_commission(1_000).succeeds();
    world.chain.advance(NOTICE_S);
    world.set_commission(1_500).succeeds();
    assert_eq!(commission(&world), (1_000, 1_500, world.chain.now() + NOTICE_S));
}

#[test]
fn more_than_half_is_refused() {
    let mut world = World::new();
    for bps in [MAX_COMMISSION_BPS + 1, 10_001, u16::MAX] {
        world.set_commission(bps).is_refused(StakingError::CommissionTooHigh);
    }
    world.set_commission(MAX_COMMISSION_BPS).succeeds();
}

#[test]
fn only_the_owner_sets_it() {
    let mut world = World::new();
    let (stranger, owner) = (key::fresh(), world.provider.owner());
    let set = exchange(instruction::commission_set(owner, 1), &owner, &stranger.pubkey());
    world
        .chain
        .send(&[set], &[&stranger])
        .is_refused(StakingError::NotOwner);
    let other = Provider::new();
    world.admit(&other);
    let set = instruction::commission_set(owner, 1);
    let set = exchange(set, &address::stake(&owner), &address::stake(&other.owner()));
    world
        .chain
        .send(&[set], &[&world.provider.wallet])
        .is_refused(StakingError::NotOwner);
}
