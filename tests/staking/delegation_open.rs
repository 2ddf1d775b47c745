//! Opening a delegation.

use anchor_lang::ErrorCode;
use gantry_sdk::{Signer, address, event::Event, instruction::delegation as instruction};
use gantry_tests::{forge::exchange, key, parties::Provider, world::World};
use solana_instruction::error::InstructionError;
use staking::{
    events::DelegationOpened,
    state::{Delegation, UnbondingShares},
};

#[test]
fn anyone_opens_an_empty_delegation_to_a_provider() {
    let mut world = World::new();
    let (delegator, owner) = (key::fresh(), world.provider.owner());
    world.chain.fund(&delegator.pubkey());
    let open = instruction::delegation_open(delegator.pubkey(), owner);
    let done = world.chain.send(&[open], &[&delegator]).succeeds();
    let delegation = world.delegation(&delegator.pubkey());
    let expected = Delegation {
        stake: address::stake(&owner),
        delegator: delegator.pubkey(),
        shares: 0,
        unbondings: [UnbondingShares::default(); 8],
        bump: delegation.bump,
        padding: [0; 7],
    };
    assert_eq!(delegation, expected);
    let opened = DelegationOpened {
        owner,
        delegator: delegator.pubkey(),
        at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::DelegationOpened(opened));
}

#[test]
fn a_provider_may_delegate_to_itself() {
    let mut world = World::new();
    let owner = world.provider.owner();
    let open = instruction::delegation_open(owner, owner);
    world.chain.send(&[open], &[&world.provider.wallet]).succeeds();
}

#[test]
fn a_delegation_is_opened_once() {
    let mut world = World::new();
    let delegator = world.delegator(0);
    let open = instruction::delegation_open(delegator.pubkey(), world.provider.owner());
    let refused = world.chain.send(&[open], &[&delegator]);
    refused.is_refused(InstructionError::Custom(0)); // The system program: the account exists.
}

#[test]
fn a_provider_without_a_stake_cannot_be_delegated_to() {
    let mut world = World::new();
    let (delegator, nobody) = (key::fresh(), key::fresh());
    world.chain.fund(&delegator.pubkey());
    let open = instruction::delegation_open(delegator.pubkey(), nobody.pubkey());
    let refused = world.chain.send(&[open], &[&delegator]);
    refused.is_refused(InstructionError::UninitializedAccount);
}

#[test]
fn a_delegation_lives_at_the_address_of_its_stake_and_its_wallet() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let (delegator, owner) = (key::fresh(), world.provider.owner());
    world.chain.fund(&delegator.pubkey());
    let open = instruction::delegation_open(delegator.pubkey(), owner);
    let elsewhere = exchange(open, &address::stake(&owner), &address::stake(&other.owner()));
    world
        .chain
        .send(&[elsewhere], &[&delegator])
        .is_refused(ErrorCode::ConstraintSeeds);
}
