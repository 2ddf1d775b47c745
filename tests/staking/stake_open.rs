//! Opening a stake.

use gantry_sdk::{Signer, address, event::Event, instruction::staking as instruction};
use gantry_tests::{forge::exchange, key, world::World};
use solana_instruction::error::InstructionError;
use staking::{
    events::StakeOpened,
    state::{Stake, Unbonding},
};

#[test]
fn a_provider_opens_an_empty_stake() {
    let mut world = World::configured();
    let owner = world.provider.owner();
    let open = instruction::stake_open(owner);
    let done = world.chain.send(&[open], &[&world.provider.wallet]).succeeds();
    let stake: Stake = world.stake();
    assert_eq!((stake.owner, stake.opened_at), (owner, world.chain.now()));
    assert_eq!((stake.active, stake.reserved, stake.slashable()), (0, 0, 0));
    assert_eq!(stake.unbondings, [Unbonding::default(); 8]);
    let opened = StakeOpened {
        owner,
        at: stake.opened_at,
    };
    assert_eq!(done.event(), Event::StakeOpened(opened));
}

#[test]
fn a_stake_is_opened_once() {
    let mut world = World::new();
    let again = instruction::stake_open(world.provider.owner());
    world
        .chain
        .send(&[again], &[&world.provider.wallet])
        .is_refused(InstructionError::Custom(0));
}

#[test]
fn nobody_opens_a_stake_at_the_address_of_another_owner() {
    let mut world = World::configured();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let victim = world.provider.owner();
    let open = exchange(
        instruction::stake_open(stranger.pubkey()),
        &address::stake(&stranger.pubkey()),
        &address::stake(&victim),
    );
    world
        .chain
        .send(&[open], &[&stranger])
        .is_refused(InstructionError::InvalidSeeds);
}

#[test]
fn lamports_sent_to_the_address_beforehand_do_not_prevent_the_opening() {
    let mut world = World::configured();
    let owner = world.provider.owner();
    world.chain.fund(&address::stake(&owner));
    let open = instruction::stake_open(owner);
    world.chain.send(&[open], &[&world.provider.wallet]).succeeds();
}
