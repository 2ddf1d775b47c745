//! Asking for bonded tokens back.

use gantry_protocol::limits::MAX_UNBONDINGS;
use gantry_sdk::{Signer, address, event::Event, instruction::staking as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{BOND, Provider, STAKE_PER_GPU, UNBONDING_PERIOD_S},
    world::World,
};
use staking::{StakingError, events::UnbondingRequested, state::Unbonding};

fn request(world: &mut World, amount: u64) -> Outcome {
    let request = instruction::unbonding_request(world.provider.owner(), amount);
    world.chain.send(&[request], &[&world.provider.wallet])
}

#[test]
fn a_request_moves_active_stake_into_the_queue_and_keeps_it_slashable() {
    let mut world = World::new();
    let done = request(&mut world, 400).succeeds();
    let stake = world.stake();
    let withdrawable_at = world.chain.now() + i64::from(UNBONDING_PERIOD_S);
    assert_eq!(stake.active, BOND - 400);
    assert_eq!(
        stake.unbondings[0],
        Unbonding {
            amount: 400,
            withdrawable_at
        }
    );
    assert_eq!(stake.slashable(), BOND);
    assert_eq!(world.pool().staked, BOND);
    let requested = UnbondingRequested {
        owner: stake.owner,
        amount: 400,
        active: stake.active,
        index: 0,
        withdrawable_at,
    };
    assert_eq!(done.event(), Event::UnbondingRequested(requested));
}

#[test]
fn a_second_request_waits_in_the_next_place() {
    let mut world = World::new();
    request(&mut world, 400).succeeds();
    world.chain.advance(10);
    let done = request(&mut world, 500).succeeds();
    let Event::UnbondingRequested(requested) = done.event() else {
        panic!("another event")
    };
    assert_eq!((requested.index, requested.amount), (1, 500));
    assert_eq!(world.stake().unbondings[1].amount, 500);
}

#[test]
fn an_amount_of_zero_is_refused() {
    let mut world = World::new();
    request(&mut world, 0).is_refused(StakingError::ZeroAmount);
}

#[test]
fn more_than_is_active_is_refused() {
    let mut world = World::new();
    request(&mut world, BOND + 1).is_refused(StakingError::InsufficientStake);
    request(&mut world, BOND).succeeds();
}

#[test]
fn what_a_running_job_reserves_cannot_be_unbonded() {
    let mut world = World::new();
    world.running_job();
    request(&mut world, BOND - STAKE_PER_GPU + 1).is_refused(StakingError::InsufficientStake);
    request(&mut world, BOND - STAKE_PER_GPU).succeeds();
}

#[test]
fn a_ninth_request_is_refused_while_eight_wait() {
    let mut world = World::new();
    for _ in 0..MAX_UNBONDINGS {
        request(&mut world, 1).succeeds();
    }
    request(&mut world, 1).is_refused(StakingError::UnbondingQueueFull);
}

#[test]
fn a_stranger_cannot_unbond_anothers_stake() {
    let mut world = World::new();
    let stranger = key::fresh();
    let owner = world.provider.owner();
    let request = exchange(instruction::unbonding_request(owner, 1), &owner, &stranger.pubkey());
    world
        .chain
        .send(&[request], &[&stranger])
        .is_refused(StakingError::NotOwner);
}

#[test]
fn a_provider_cannot_unbond_another_providers_stake() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let owner = world.provider.owner();
    let request = instruction::unbonding_request(owner, 1);
    let request = exchange(request, &address::stake(&owner), &address::stake(&other.owner()));
    world
        .chain
        .send(&[request], &[&world.provider.wallet])
        .is_refused(StakingError::NotOwner);
}
