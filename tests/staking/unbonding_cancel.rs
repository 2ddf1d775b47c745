//! Taking an unbonding request back.

use gantry_sdk::{Signer, address, event::Event, instruction::staking as instruction};
use gantry_tests::{
    forge::exchange,
    outcome::Outcome,
    parties::{BOND, Provider, UNBONDING_PERIOD_S},
    world::World,
};
use staking::{StakingError, events::UnbondingCancelled, state::Unbonding};

fn request(world: &mut World, amount: u64) {
    let request = instruction::unbonding_request(world.provider.owner(), amount);
    world.chain.send(&[request], &[&world.provider.wallet]).succeeds();
}

fn cancel(world: &mut World, place: u8) -> Outcome {
    let cancel = instruction::unbonding_cancel(world.provider.owner(), place);
    world.chain.send(&[cancel], &[&world.provider.wallet])
}

#[test]
fn a_cancelled_request_is_active_stake_again() {
    let mut world = World::new();
    request(&mut world, 400);
    request(&mut world, 500);
    let done = cancel(&mut world, 0).succeeds();
    let stake = world.stake();
    assert_eq!(stake.active, BOND - 500);
    assert_eq!(stake.unbondings[0], Unbonding::default());
    assert_eq!(stake.unbondings[1].amount, 500);
    let cancelled = UnbondingCancelled {
        owner: stake.owner,
        amount: 400,
        active: stake.active,
        index: 0,
    };
    assert_eq!(done.event(), Event::UnbondingCancelled(cancelled));
}

#[test]
fn a_request_whose_period_has_passed_can_still_be_cancelled() {
    let mut world = World::new();
    request(&mut world, BOND);
    world.chain.advance(i64::from(UNBONDING_PERIOD_S));
    cancel(&mut world, 0).succeeds();
    assert_eq!(world.stake().active, BOND);
}

#[test]
fn a_place_without_a_request_and_a_place_beyond_the_queue_are_refused() {
    let mut world = World::new();
    request(&mut world, 400);
    for place in [1, 7, 8, u8::MAX] {
        cancel(&mut world, place).is_refused(StakingError::NoSuchUnbonding);
    }
    cancel(&mut world, 0).succeeds();
    cancel(&mut world, 0).is_refused(StakingError::NoSuchUnbonding);
}

#[test]
fn nobody_cancels_the_request_of_another() {
    let mut world = World::new();
    request(&mut world, 400);
    let other = Provider::new();
    world.admit(&other);
    let cancel = instruction::unbonding_cancel(other.owner(), 0);
    let cancel = exchange(
        cancel,
        &address::stake(&other.owner()),
        &address::stake(&world.provider.owner()),
    );
    world
        .chain
        .send(&[cancel], &[&other.wallet])
        .is_refused(StakingError::NotOwner);
    assert_ne!(other.wallet.pubkey(), world.provider.owner());
}
