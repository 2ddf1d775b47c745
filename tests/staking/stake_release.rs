//! Giving reserved stake back, which only the market does.

use gantry_sdk::{Signer, address, event::Event, instruction::staking as instruction};
use gantry_tests::{
    key,
    parties::{BOND, STAKE_PER_GPU},
    world::World,
};
use solana_instruction::error::InstructionError;
use staking::{StakingError, events::StakeReleased, state::Stake};

#[test]
fn closing_a_job_releases_its_stake_and_says_so() {
    let mut world = World::new();
    let (first, _second) = (world.running_job(), world.running_job());
    let attestation = world.provider.attestation.insecure_clone();
    let done = world.close_by(&attestation, &first).succeeds();
    let stake = world.stake();
    assert_eq!((stake.active, stake.reserved), (BOND, STAKE_PER_GPU));
    let released = StakeReleased {
        owner: stake.owner,
        amount: STAKE_PER_GPU,
        reserved: stake.reserved,
    };
    assert_eq!(done.events()[0], Event::StakeReleased(released));
}

#[test]
fn a_stranger_cannot_release_stake() {
    let mut world = World::new();
    world.open_job();
    let stranger = key::fresh();
    let release = instruction::stake_release(stranger.pubkey(), world.provider.owner(), 1);
    world
        .chain
        .send(&[release], &[&stranger])
        .is_refused(StakingError::NotMarket);
}

#[test]
fn the_provider_cannot_release_its_own_stake() {
    let mut world = World::new();
    world.open_job();
    let owner = world.provider.owner();
    let release = instruction::stake_release(owner, owner, 1);
    world
        .chain
        .send(&[release], &[&world.provider.wallet])
        .is_refused(StakingError::NotMarket);
}

#[test]
fn the_markets_signer_must_really_sign() {
    let mut world = World::new();
    let mut release = instruction::stake_release(address::market_signer(), world.provider.owner(), 1);
    release.accounts[0].is_signer = false;
    world
        .chain
        .send(&[release], &[])
        .is_refused(InstructionError::MissingRequiredSignature);
}

#[test]
fn more_than_is_reserved_cannot_be_released() {
    let mut world = World::new();
    let job = world.running_job();
    // No transaction leads here: the market releases what it reserved.
    let stake = address::stake(&world.provider.owner());
    world
        .chain
        .alter::<Stake>(&stake, |stake| stake.reserved = STAKE_PER_GPU - 1);
    let attestation = &world.provider.attestation;
    let close = gantry_sdk::instruction::market::job_close(attestation.pubkey(), job, &world.job(&job));
    world
        .chain
        .simulate_unreachable(&[close], &[attestation])
        .is_refused(StakingError::InsufficientReserve);
}
