//! Paying out what delegators asked back.

use gantry_sdk::{Keypair, Pubkey, Signer, address, event::Event, instruction::delegation as instruction};
use gantry_tests::{
    forge::exchange,
    parties::{BOND, Provider, UNBONDING_PERIOD_S},
    token::tokens_in,
    world::World,
};
use solana_instruction::error::InstructionError;
use staking::{StakingError, events::DelegationWithdrawn, state::UnbondingShares};

/// A world in which somebody asked 100, 200 and 300 of 1,000 back, ten seconds apart; the first has just matured.
fn with_requests() -> (World, Keypair) {
    let mut world = World::new();
    let delegator = world.delegator_of(1_000);
    for shares in [100, 200, 300] {
        world.undelegate(&delegator, shares).succeeds();
        world.chain.advance(10);
    }
    world.chain.advance(i64::from(UNBONDING_PERIOD_S) - 30);
    (world, delegator)
}

#[test]
fn everything_ripe_is_paid_to_the_delegator_at_anyones_call() {
    let (mut world, delegator) = with_requests();
    world.chain.advance(10);
    let done = world.pay_delegator(&delegator.pubkey()).succeeds();
    assert_eq!(world.gnt_of(&delegator.pubkey()), 300);
    let (stake, delegation) = (world.stake(), world.delegation(&delegator.pubkey()));
    assert_eq!(delegation.unbondings[..2], [UnbondingShares::default(); 2]);
    assert_eq!(delegation.unbondings[2].shares, 300);
    assert_eq!(
        (stake.delegated_unbonding, stake.delegated_unbonding_shares),
        (300, 300)
    );
    assert_eq!(world.pool().staked, BOND + 700);
    assert_eq!(tokens_in(&world.chain, &address::pool_vault()), BOND + 700);
    let withdrawn = DelegationWithdrawn {
        owner: stake.owner,
        delegator: delegator.pubkey(),
        unbonding_shares: 300,
        amount: 300,
        paid_places: 0b011,
        delegated_unbonding: 300,
        delegated_unbonding_shares: 300,
    };
    assert_eq!(done.event(), Event::DelegationWithdrawn(withdrawn));
}

#[test]
fn nothing_leaves_a_second_too_early() {
    let (mut world, delegator) = with_requests();
    world.chain.advance(-1);
    let early = world.pay_delegator(&delegator.pubkey());
    early.is_refused(StakingError::NothingToWithdraw);
    world.chain.advance(1);
    world.pay_delegator(&delegator.pubkey()).succeeds();
}

#[test]
fn the_same_request_is_paid_once() {
    let (mut world, delegator) = with_requests();
    world.pay_delegator(&delegator.pubkey()).succeeds();
    let again = world.pay_delegator(&delegator.pubkey());
    again.is_refused(StakingError::NothingToWithdraw);
    assert_eq!(world.gnt_of(&delegator.pubkey()), 100);
}

#[test]
fn after_a_slash_what_is_left_is_paid() {
    let (mut world, delegator) = with_requests();
    world.slash(1_000).succeeds();
    world.chain.advance(20);
    world.pay_delegator(&delegator.pubkey()).succeeds();
    assert_eq!(world.gnt_of(&delegator.pubkey()), 540);
    assert_eq!(world.stake().delegated_unbonding, 0);
}

#[test]
fn requests_that_a_fault_took_entirely_free_their_places_and_pay_nothing() {
    let (mut world, delegator) = with_requests();
    world.slash(10_000).succeeds();
    world.chain.advance(20);
    let done = world.pay_delegator(&delegator.pubkey()).succeeds();
    let Event::DelegationWithdrawn(withdrawn) = done.event() else {
        panic!("another event")
    };
    assert_eq!((withdrawn.amount, withdrawn.paid_places), (0, 0b111));
    assert_eq!(world.stake().delegated_unbonding_shares, 0);
}

#[test]
fn the_tokens_go_to_no_token_account_but_one_of_the_delegator() {
    let (mut world, delegator) = with_requests();
    let gnt = world.gnt.clone();
    let thief = gnt.account_of(&mut world.chain, &Pubkey::new_unique());
    let (wallet, owner) = (delegator.pubkey(), world.provider.owner());
    let withdraw = instruction::delegation_withdraw(wallet, owner, gnt.address, thief, gnt.token_program);
    world
        .chain
        .send(&[withdraw], &[])
        .is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn one_delegators_ripe_request_does_not_pay_another() {
    let (mut world, delegator) = with_requests();
    let other = world.delegator_of(10);
    let (gnt, owner) = (world.gnt.clone(), world.provider.owner());
    let destination = world.gnt_account(&other.pubkey());
    let withdraw =
        instruction::delegation_withdraw(delegator.pubkey(), owner, gnt.address, destination, gnt.token_program);
    world
        .chain
        .send(&[withdraw], &[])
        .is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn a_request_to_one_stake_is_not_paid_by_another() {
    let (mut world, delegator) = with_requests();
    let other = Provider::new();
    world.admit(&other);
    let (gnt, owner) = (world.gnt.clone(), world.provider.owner());
    let destination = world.gnt_account(&delegator.pubkey());
    let withdraw =
        instruction::delegation_withdraw(delegator.pubkey(), owner, gnt.address, destination, gnt.token_program);
    let withdraw = exchange(withdraw, &address::stake(&owner), &address::stake(&other.owner()));
    world.chain.send(&[withdraw], &[]).is_refused(StakingError::WrongStake);
}
