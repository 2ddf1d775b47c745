//! Taking a delegator's unbonding request back.

use gantry_sdk::{Signer, address, event::Event, instruction::delegation as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{BOND, Provider, UNBONDING_PERIOD_S},
    world::World,
};
use staking::{StakingError, events::DelegationUnbondingCancelled, state::UnbondingShares};

#[test]
fn a_cancelled_request_is_delegated_stake_again() {
    let mut world = World::new();
    let delegator = world.delegator_of(1_000);
    world.undelegate(&delegator, 400).succeeds();
    world.undelegate(&delegator, 500).succeeds();
    let done = world.redelegate(&delegator, 0).succeeds();
    let (stake, delegation) = (world.stake(), world.delegation(&delegator.pubkey()));
    assert_eq!((stake.delegated, stake.delegated_shares), (500, 500));
    assert_eq!(
        (stake.delegated_unbonding, stake.delegated_unbonding_shares),
        (500, 500)
    );
    assert_eq!(delegation.shares, 500);
    assert_eq!(delegation.unbondings[0], UnbondingShares::default());
    assert_eq!(delegation.unbondings[1].shares, 500);
    let cancelled = DelegationUnbondingCancelled {
        owner: stake.owner,
        delegator: delegator.pubkey(),
        unbonding_shares: 400,
        amount: 400,
        shares: 400,
        index: 0,
        delegated: 500,
        delegated_shares: 500,
        delegated_unbonding: 500,
        delegated_unbonding_shares: 500,
    };
    assert_eq!(done.event(), Event::DelegationUnbondingCancelled(cancelled));
}

#[test]
fn it_comes_back_at_todays_price_and_not_at_that_of_its_request() {
    let mut world = World::new();
    let (leaver, stayer) = (world.delegator_of(BOND), world.delegator_of(BOND));
    world.undelegate(&leaver, BOND).succeeds();
    world.reward(BOND).succeeds();
    let (before, _) = world.delegation_worth(&stayer.pubkey());
    world.redelegate(&leaver, 0).succeeds();
    let (worth, unbonding) = world.delegation_worth(&leaver.pubkey());
    assert!(BOND - worth <= 1 && unbonding == 0, "{worth}");
    let (after, _) = world.delegation_worth(&stayer.pubkey());
    assert!(after >= before, "the stayer lost {}", before - after);
}

#[test]
fn a_request_whose_period_has_passed_can_still_be_cancelled() {
    let mut world = World::new();
    let delegator = world.delegator_of(400);
    world.undelegate(&delegator, 400).succeeds();
    world.chain.advance(i64::from(UNBONDING_PERIOD_S));
    world.redelegate(&delegator, 0).succeeds();
    assert_eq!(world.delegation_worth(&delegator.pubkey()), (400, 0));
}

#[test]
fn a_request_that_was_slashed_to_nothing_cannot_come_back() {
    let mut world = World::new();
    let delegator = world.delegator_of(400);
    world.undelegate(&delegator, 400).succeeds();
    world.slash(10_000).succeeds();
    let refused = world.redelegate(&delegator, 0);
    refused.is_refused(StakingError::WorthNothing);
}

#[test]
fn a_place_without_a_request_and_a_place_beyond_the_queue_are_refused() {
    let mut world = World::new();
    let delegator = world.delegator_of(400);
    world.undelegate(&delegator, 400).succeeds();
    for place in [1, 7, 8, u8::MAX] {
        world
            .redelegate(&delegator, place)
            .is_refused(StakingError::NoSuchUnbonding);
    }
    world.redelegate(&delegator, 0).succeeds();
    let refused = world.redelegate(&delegator, 0);
    refused.is_refused(StakingError::NoSuchUnbonding);
}

#[test]
fn nobody_cancels_the_request_of_another() {
    let mut world = World::new();
    let (delegator, stranger) = (world.delegator_of(400), key::fresh());
    world.undelegate(&delegator, 400).succeeds();
    let cancel = instruction::delegation_cancel(delegator.pubkey(), world.provider.owner(), 0);
    let cancel = exchange(cancel, &delegator.pubkey(), &stranger.pubkey());
    world
        .chain
        .send(&[cancel], &[&stranger])
        .is_refused(StakingError::NotDelegator);
}

#[test]
fn a_request_comes_back_to_no_stake_but_its_own() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let (delegator, owner) = (world.delegator_of(400), world.provider.owner());
    world.undelegate(&delegator, 400).succeeds();
    let cancel = instruction::delegation_cancel(delegator.pubkey(), owner, 0);
    let cancel = exchange(cancel, &address::stake(&owner), &address::stake(&other.owner()));
    world
        .chain
        .send(&[cancel], &[&delegator])
        .is_refused(StakingError::WrongStake);
}
