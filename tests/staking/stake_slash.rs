//! Slashing own and delegated stake alike.

use gantry_sdk::{Signer, event::Event, instruction::staking as instruction};
use gantry_tests::{
    parties::{BOND, STAKE_PER_GPU},
    world::World,
};
use staking::{StakingError, events::StakeSlashed, state::Unbonding};

/// The only event of a slash.
fn slashed(world: &mut World, penalty_bps: u16) -> StakeSlashed {
    let done = world.slash(penalty_bps).succeeds();
    let Event::StakeSlashed(slashed) = done.event() else {
        panic!("another event")
    };
    slashed
}

/// A world whose provider has 600 active and three requests waiting.
fn with_requests() -> World {
    let mut world = World::new();
    let owner = world.provider.owner();
    for amount in [BOND - 1_000, 301, 99] {
        let request = instruction::unbonding_request(owner, amount);
        world.chain.send(&[request], &[&world.provider.wallet]).succeeds();
    }
    world
}

#[test]
fn every_part_loses_the_same_fraction_rounded_down_and_the_event_names_each() {
    let mut world = with_requests();
    let delegator = world.delegator_of(2_009);
    world.undelegate(&delegator, 505).succeeds();
    let before = world.stake();
    assert_eq!((before.active, before.unbondings[1].amount), (600, 301));
    let event = slashed(&mut world, 1_000);
    let after = world.stake();
    let large = (BOND - 1_000) / 10;
    let expected = StakeSlashed {
        owner: after.owner,
        bounty_account: world.gnt_account(&world.deployer.pubkey()),
        amount: 60 + large + 30 + 9 + 150 + 50,
        bounty: (60 + large + 30 + 9 + 150 + 50) / 10,
        from_active: 60,
        from_unbondings: [large, 30, 9, 0, 0, 0, 0, 0],
        from_delegated: 150,
        from_delegated_unbonding: 50,
        active: 540,
        slashed: 60 + large + 30 + 9 + 150 + 50,
    };
    assert_eq!(event, expected);
    assert_eq!(after.active, 540);
    assert_eq!((after.unbondings[1].amount, after.unbondings[2].amount), (271, 90));
    assert_eq!((after.delegated, after.delegated_shares), (1_354, 1_504));
    assert_eq!(
        (after.delegated_unbonding, after.delegated_unbonding_shares),
        (455, 505)
    );
    assert_eq!(world.pool().staked, before.slashable() - event.amount);
    assert_eq!(world.gnt_of(&world.deployer.pubkey()), event.bounty);
}

#[test]
fn who_asked_to_leave_before_the_slash_loses_what_who_stayed_loses() {
    let mut world = World::new();
    let (leaver, stayer) = (world.delegator_of(BOND), world.delegator_of(BOND));
    world.undelegate(&leaver, BOND).succeeds();
    world.slash(3_000).succeeds();
    assert_eq!(world.delegation_worth(&leaver.pubkey()), (0, BOND * 7 / 10));
    assert_eq!(world.delegation_worth(&stayer.pubkey()), (BOND * 7 / 10, 0));
}

#[test]
fn who_delegates_after_a_slash_bears_none_of_it() {
    let mut world = World::new();
    let early = world.delegator_of(BOND);
    world.slash(3_000).succeeds();
    let late = world.delegator_of(BOND);
    let worth = |world: &World, who: &gantry_sdk::Keypair| world.delegation_worth(&who.pubkey()).0;
    assert!(BOND - worth(&world, &late) <= 1);
    assert_eq!(worth(&world, &early), BOND * 7 / 10);
}

#[test]
fn who_asks_to_leave_after_a_slash_joins_those_who_were_slashed_at_todays_price() {
    let mut world = World::new();
    let (early, late) = (world.delegator_of(BOND), world.delegator_of(BOND));
    world.undelegate(&early, BOND).succeeds();
    world.slash(3_000).succeeds();
    world.undelegate(&late, BOND).succeeds();
    assert_eq!(world.delegation_worth(&early.pubkey()), (0, BOND * 7 / 10));
    assert_eq!(world.delegation_worth(&late.pubkey()), (0, BOND * 7 / 10));
}

#[test]
fn the_whole_leaves_nothing_anywhere() {
    let mut world = with_requests();
    let delegator = world.delegator_of(2_000);
    world.undelegate(&delegator, 500).succeeds();
    let everything = world.stake().slashable();
    assert_eq!(slashed(&mut world, 10_000).amount, everything);
    let stake = world.stake();
    assert_eq!((stake.slashable(), stake.slashed), (0, everything));
    assert_eq!(stake.unbondings, [Unbonding::default(); 8]);
    assert_eq!(world.delegation_worth(&delegator.pubkey()), (0, 0));
    assert_eq!(world.pool().staked, 0);
}

#[test]
fn a_slash_reaches_what_jobs_reserve() {
    let mut world = World::new();
    let terms = world.tenant.terms(8);
    world.open_with(terms);
    world.delegator_of(STAKE_PER_GPU);
    world.slash(10_000).succeeds();
    let stake = world.stake();
    assert_eq!(
        (stake.backing(), stake.reserved, stake.free()),
        (0, 8 * STAKE_PER_GPU, 0)
    );
}

#[test]
fn more_than_the_whole_is_refused() {
    let mut world = World::new();
    world.slash(10_001).is_refused(StakingError::PenaltyOutOfRange);
}

#[test]
fn a_slash_of_nothing_is_carried_out() {
    let mut world = World::new();
    assert_eq!(slashed(&mut world, 0).amount, 0);
    assert_eq!(world.stake().slashable(), BOND);
}
