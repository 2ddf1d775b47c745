//! Delegating tokens.

use gantry_protocol::shares::VIRTUAL;
use gantry_sdk::{
    Pubkey, Signer, address,
    event::Event,
    instruction::{delegation as instruction, staking as staking_instruction},
};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{BOND, Provider, STAKE_PER_GPU, UNBONDING_PERIOD_S},
    token::{Mint, tokens_in},
    world::World,
};
use market::MarketError;
use solana_instruction::error::InstructionError;
use staking::{StakingError, events::DelegationDeposited, state::Stake};

#[test]
fn a_deposit_buys_shares_of_the_delegated_stake_at_one_base_unit_each() {
    let mut world = World::new();
    let delegator = world.delegator(500);
    let done = world.delegate(&delegator, 300).succeeds();
    let stake = world.stake();
    assert_eq!((stake.delegated, stake.delegated_shares), (300, 300));
    assert_eq!((stake.active, stake.slashable()), (BOND, BOND + 300));
    assert_eq!(world.pool().staked, BOND + 300);
    assert_eq!(world.gnt_of(&delegator.pubkey()), 200);
    assert_eq!(tokens_in(&world.chain, &address::pool_vault()), BOND + 300);
    assert_eq!(world.delegation_worth(&delegator.pubkey()), (300, 0));
    let deposited = DelegationDeposited {
        owner: stake.owner,
        delegator: delegator.pubkey(),
        amount: 300,
        shares: 300,
        delegated: 300,
        delegated_shares: 300,
    };
    assert_eq!(done.event(), Event::DelegationDeposited(deposited));
}

#[test]
fn after_a_reward_the_same_amount_buys_fewer_shares() {
    let mut world = World::new();
    let (first, second) = (world.delegator_of(BOND), world.delegator(BOND));
    world.reward(BOND).succeeds(); // Half of it is the delegators'.
    world.delegate(&second, BOND).succeeds();
    let (shares, exact) = (
        world.delegation(&second.pubkey()).shares,
        u128::from(BOND) * u128::from(BOND + VIRTUAL) / u128::from(BOND + BOND / 2 + VIRTUAL),
    );
    assert_eq!(u128::from(shares), exact);
    let (worth, unbonding) = world.delegation_worth(&second.pubkey());
    assert!(worth <= BOND && BOND - worth <= 1, "{worth}");
    assert_eq!(unbonding, 0);
    assert_eq!(world.delegation(&first.pubkey()).shares, BOND);
}

#[test]
fn two_who_delegate_the_same_at_once_get_the_same() {
    let mut world = World::new();
    let (first, second) = (world.delegator_of(777), world.delegator_of(777));
    assert_eq!(
        world.delegation_worth(&first.pubkey()),
        world.delegation_worth(&second.pubkey())
    );
}

/// A world whose provider has asked all its own stake back, so that every reward goes to the delegated stake.
fn without_own_stake() -> World {
    let mut world = World::new();
    let unbond = staking_instruction::unbonding_request(world.provider.owner(), BOND);
    world.chain.send(&[unbond], &[&world.provider.wallet]).succeeds();
    world
}

#[test]
fn a_first_depositor_gains_nothing_by_giving_a_fortune_away() {
    let mut world = without_own_stake();
    let (attacker, victim) = (world.delegator_of(1), world.delegator(BOND));
    let fortune = BOND - 1;
    world.reward(fortune).succeeds();
    world.delegate(&victim, BOND).succeeds();
    let lost = BOND - world.delegation_worth(&victim.pubkey()).0;
    assert!(lost <= fortune / VIRTUAL + 1, "the victim lost {lost} of {BOND}");
    let (regained, _) = world.delegation_worth(&attacker.pubkey());
    assert!(
        regained <= fortune / VIRTUAL + 2,
        "the attacker has {regained} of {fortune}"
    );
}

#[test]
fn what_does_not_buy_one_share_is_refused() {
    let mut world = without_own_stake();
    world.delegator_of(1);
    world.reward(10 * VIRTUAL).succeeds();
    let stake = world.stake();
    assert_eq!((stake.delegated, stake.delegated_shares), (1 + 10 * VIRTUAL, 1));
    let late = world.delegator(100);
    world.delegate(&late, 10).is_refused(StakingError::WorthNothing);
    world.delegate(&late, 11).succeeds();
}

#[test]
fn delegated_stake_backs_jobs() {
    let mut world = World::new();
    let unbond = staking_instruction::unbonding_request(world.provider.owner(), BOND - STAKE_PER_GPU);
    world.chain.send(&[unbond], &[&world.provider.wallet]).succeeds();
    let terms = world.tenant.terms(2);
    world.open(terms).is_refused(MarketError::StakeBelowOffer);
    world.delegator_of(7 * STAKE_PER_GPU);
    world.open_with(terms);
    let stake = world.stake();
    assert_eq!((stake.reserved, stake.free()), (2 * STAKE_PER_GPU, 6 * STAKE_PER_GPU));
}

#[test]
fn an_amount_of_zero_is_refused() {
    let mut world = World::new();
    let delegator = world.delegator(1);
    world.delegate(&delegator, 0).is_refused(StakingError::ZeroAmount);
}

#[test]
fn a_stake_whose_delegation_was_slashed_to_nothing_takes_no_more() {
    let mut world = World::new();
    world.delegator_of(500);
    world.slash(10_000).succeeds();
    let late = world.delegator(500);
    world.delegate(&late, 500).is_refused(StakingError::DelegationWiped);
}

#[test]
fn nor_does_one_whose_leaving_delegators_lost_everything_until_they_are_gone() {
    let mut world = World::new();
    let leaver = world.delegator_of(500);
    world.undelegate(&leaver, 500).succeeds();
    world.slash(10_000).succeeds();
    let late = world.delegator(500);
    world.delegate(&late, 500).is_refused(StakingError::DelegationWiped);
    world.chain.advance(i64::from(UNBONDING_PERIOD_S));
    world.pay_delegator(&leaver.pubkey()).succeeds();
    world.delegate(&late, 500).succeeds();
}

#[test]
fn shares_and_assets_that_would_leave_64_bits_are_refused() {
    let mut world = World::new();
    let delegator = world.delegator_of(10);
    let late = world.delegator(10);
    // The supply of a mint is 64 bits too, so no transaction leads here.
    let stake = address::stake(&world.provider.owner());
    world.chain.alter::<Stake>(&stake, |stake| {
        stake.delegated = u64::MAX - VIRTUAL - 5;
        stake.delegated_shares = u64::MAX - VIRTUAL - 5;
    });
    let (owner, gnt) = (world.provider.owner(), &world.gnt);
    let source = world.gnt_account(&late.pubkey());
    let deposit = instruction::delegation_deposit(late.pubkey(), owner, gnt.address, source, gnt.token_program, 10);
    world
        .chain
        .simulate_unreachable(&[deposit], &[&late])
        .is_refused(StakingError::AmountOverflow);
    assert_eq!(world.delegation(&delegator.pubkey()).shares, 10);
}

#[test]
fn nobody_adds_to_anothers_delegation_in_its_name() {
    let mut world = World::new();
    let (delegator, stranger) = (world.delegator(10), key::fresh());
    let (owner, gnt) = (world.provider.owner(), world.gnt.clone());
    let source = gnt.mint_to(&mut world.chain, &stranger.pubkey(), 10);
    let wallet = delegator.pubkey();
    let deposit = instruction::delegation_deposit(wallet, owner, gnt.address, source, gnt.token_program, 10);
    let deposit = exchange(deposit, &wallet, &stranger.pubkey());
    world
        .chain
        .send(&[deposit], &[&stranger])
        .is_refused(StakingError::NotDelegator);
}

#[test]
fn a_delegation_adds_to_no_stake_but_its_own() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let delegator = world.delegator(10);
    let (owner, gnt, wallet) = (world.provider.owner(), &world.gnt, delegator.pubkey());
    let source = world.gnt_account(&wallet);
    let deposit = instruction::delegation_deposit(wallet, owner, gnt.address, source, gnt.token_program, 10);
    let deposit = exchange(deposit, &address::stake(&owner), &address::stake(&other.owner()));
    world
        .chain
        .send(&[deposit], &[&delegator])
        .is_refused(StakingError::WrongStake);
}

#[test]
fn tokens_of_another_wallet_or_another_mint_cannot_be_delegated() {
    let mut world = World::new();
    let delegator = world.delegator(10);
    let (owner, gnt, wallet) = (world.provider.owner(), world.gnt.clone(), delegator.pubkey());
    let victims = gnt.mint_to(&mut world.chain, &Pubkey::new_unique(), 10);
    let deposit = instruction::delegation_deposit(wallet, owner, gnt.address, victims, gnt.token_program, 10);
    world
        .chain
        .send(&[deposit], &[&delegator])
        .is_refused(InstructionError::Custom(4)); // The token program: not the owner.
    let other = Mint::classic(&mut world.chain, 9).mint_to(&mut world.chain, &wallet, 10);
    let deposit = instruction::delegation_deposit(wallet, owner, gnt.address, other, gnt.token_program, 10);
    world
        .chain
        .send(&[deposit], &[&delegator])
        .is_refused(InstructionError::InvalidAccountData);
}
