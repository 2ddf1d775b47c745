//! Paying out what has unbonded.

use std::slice;

use anchor_lang::ErrorCode;
use gantry_protocol::limits::MAX_UNBONDINGS;
use gantry_sdk::{Instruction, Pubkey, address, event::Event, instruction::staking as instruction};
use gantry_tests::{
    forge::exchange,
    parties::{BOND, Provider, UNBONDING_PERIOD_S},
    token::{Mint, tokens_in},
    world::World,
};
use solana_instruction::error::InstructionError;
use staking::{
    StakingError,
    events::UnbondingWithdrawn,
    state::{Pool, Stake, Unbonding},
};

/// A world whose provider asked for 100, 200 and 300 back, ten seconds apart, the first at second zero.
fn with_requests() -> World {
    let mut world = World::new();
    for amount in [100, 200, 300] {
        let request = instruction::unbonding_request(world.provider.owner(), amount);
        world.chain.send(&[request], &[&world.provider.wallet]).succeeds();
        world.chain.advance(10);
    }
    world.chain.advance(i64::from(UNBONDING_PERIOD_S) - 30);
    world
}

/// The withdrawal to the owner's token account, and that account.
fn withdraw(world: &mut World) -> (Instruction, Pubkey) {
    let (owner, gnt) = (world.provider.owner(), world.gnt.clone());
    let destination = gnt.account_of(&mut world.chain, &owner);
    let withdraw = instruction::unbonding_withdraw(owner, gnt.address, destination, gnt.token_program);
    (withdraw, destination)
}

#[test]
fn everything_ripe_is_paid_to_the_owner_at_anyones_call() {
    let mut world = with_requests();
    world.chain.advance(10);
    let (withdraw, destination) = withdraw(&mut world);
    let done = world.chain.send(&[withdraw], &[]).succeeds();
    assert_eq!(tokens_in(&world.chain, &destination), 300);
    let stake = world.stake();
    assert_eq!(stake.unbondings[..2], [Unbonding::default(); 2]);
    assert_eq!(stake.unbondings[2].amount, 300);
    assert_eq!(world.pool().staked, BOND - 300);
    assert_eq!(tokens_in(&world.chain, &address::pool_vault()), BOND - 300);
    let withdrawn = UnbondingWithdrawn {
        owner: stake.owner,
        amount: 300,
        paid_places: 0b011,
    };
    assert_eq!(done.event(), Event::UnbondingWithdrawn(withdrawn));
}

#[test]
fn nothing_leaves_a_second_too_early() {
    let mut world = with_requests();
    world.chain.advance(-1);
    let (early, _) = withdraw(&mut world);
    world
        .chain
        .send(slice::from_ref(&early), &[])
        .is_refused(StakingError::NothingToWithdraw);
    world.chain.advance(1);
    world.chain.send(&[early], &[]).succeeds();
}

#[test]
fn the_same_request_is_paid_once() {
    let mut world = with_requests();
    let (withdraw, destination) = withdraw(&mut world);
    world.chain.send(slice::from_ref(&withdraw), &[]).succeeds();
    world
        .chain
        .send(&[withdraw], &[])
        .is_refused(StakingError::NothingToWithdraw);
    assert_eq!(tokens_in(&world.chain, &destination), 100);
}

#[test]
fn a_stake_without_requests_has_nothing_to_withdraw() {
    let mut world = World::new();
    let (withdraw, _) = withdraw(&mut world);
    world
        .chain
        .send(&[withdraw], &[])
        .is_refused(StakingError::NothingToWithdraw);
}

#[test]
fn unbonding_stake_stays_slashable_until_it_has_left() {
    let mut world = with_requests();
    world.chain.advance(1_000);
    assert_eq!(world.stake().slashable(), BOND);
    let (withdraw, _) = withdraw(&mut world);
    world.chain.send(&[withdraw], &[]).succeeds();
    assert_eq!(world.stake().slashable(), BOND - 600);
}

#[test]
fn a_paid_place_of_a_full_queue_can_be_used_again() {
    let mut world = World::new();
    let owner = world.provider.owner();
    let request = |world: &mut World| {
        let request = instruction::unbonding_request(owner, 5);
        world
            .chain
            .send(&[request], &[&world.provider.wallet])
            .succeeds()
            .event()
    };
    for _ in 0..MAX_UNBONDINGS {
        request(&mut world);
        world.chain.advance(1);
    }
    world.chain.advance(i64::from(UNBONDING_PERIOD_S) - 8);
    let (withdraw, _) = withdraw(&mut world);
    let done = world.chain.send(&[withdraw], &[]).succeeds();
    let Event::UnbondingWithdrawn(withdrawn) = done.event() else {
        panic!("another event")
    };
    assert_eq!((withdrawn.amount, withdrawn.paid_places), (5, 1));
    let Event::UnbondingRequested(requested) = request(&mut world) else {
        panic!("another event")
    };
    assert_eq!(requested.index, 0);
}

#[test]
fn the_tokens_go_to_no_token_account_but_one_of_the_owner() {
    let mut world = with_requests();
    let (withdraw, destination) = withdraw(&mut world);
    let gnt = world.gnt.clone();
    let thief = gnt.account_of(&mut world.chain, &Pubkey::new_unique());
    let stolen = exchange(withdraw, &destination, &thief);
    world
        .chain
        .send(&[stolen], &[])
        .is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn a_token_account_of_another_mint_is_refused() {
    let mut world = with_requests();
    let (withdraw, destination) = withdraw(&mut world);
    let other = Mint::classic(&mut world.chain, 9);
    let of_other_mint = other.account_of(&mut world.chain, &world.provider.owner());
    let withdraw = exchange(withdraw, &destination, &of_other_mint);
    world
        .chain
        .send(&[withdraw], &[])
        .is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn only_the_pools_own_mint_and_vault_are_accepted() {
    let mut world = with_requests();
    let (withdraw, _) = withdraw(&mut world);
    let other = Mint::classic(&mut world.chain, 9);
    let wrong_mint = exchange(withdraw.clone(), &world.gnt.address, &other.address);
    world
        .chain
        .send(&[wrong_mint], &[])
        .is_refused(ErrorCode::ConstraintAddress);
    let gnt = world.gnt.clone();
    let account = gnt.mint_to(&mut world.chain, &Pubkey::new_unique(), 1_000);
    let wrong_vault = exchange(withdraw, &address::pool_vault(), &account);
    world
        .chain
        .send(&[wrong_vault], &[])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn tokens_given_to_the_vault_belong_to_nobody() {
    let mut world = with_requests();
    let gnt = world.gnt.clone();
    gnt.give_away(&mut world.chain, &address::pool_vault(), 77);
    let (withdraw, destination) = withdraw(&mut world);
    world.chain.send(&[withdraw], &[]).succeeds();
    assert_eq!(tokens_in(&world.chain, &destination), 100);
}

#[test]
fn one_providers_ripe_request_does_not_pay_another() {
    let mut world = with_requests();
    let other = Provider::new();
    world.admit(&other);
    let (withdraw, _) = withdraw(&mut world);
    let owner = world.provider.owner();
    let wrong = exchange(withdraw, &address::stake(&owner), &address::stake(&other.owner()));
    world
        .chain
        .send(&[wrong], &[])
        .is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn a_pool_that_counts_less_than_has_unbonded_pays_nothing() {
    let mut world = with_requests();
    let (withdraw, _) = withdraw(&mut world);
    // No transaction leads here: the pool counts every bond.
    world.chain.alter::<Pool>(&address::pool(), |pool| pool.staked = 99);
    world
        .chain
        .simulate_unreachable(&[withdraw], &[])
        .is_refused(StakingError::InsufficientStake);
}

#[test]
fn requests_that_together_leave_64_bits_are_not_paid() {
    let mut world = with_requests();
    world.chain.advance(10);
    let (withdraw, _) = withdraw(&mut world);
    // No transaction leads here: the supply of a mint is 64 bits too.
    let stake = address::stake(&world.provider.owner());
    world
        .chain
        .alter::<Stake>(&stake, |stake| stake.unbondings[0].amount = u64::MAX - 199);
    world
        .chain
        .simulate_unreachable(&[withdraw], &[])
        .is_refused(StakingError::AmountOverflow);
}
