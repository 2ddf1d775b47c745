//! Bonding tokens.

use anchor_lang::ErrorCode;
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::staking as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    parties::{BOND, Provider},
    token::{Mint, tokens_in},
    world::World,
};
use solana_instruction::error::InstructionError;
use staking::{
    StakingError,
    events::StakeDeposited,
    state::{Pool, Stake},
};

fn deposit(world: &World, source: &Pubkey, amount: u64) -> Instruction {
    let gnt = &world.gnt;
    instruction::stake_deposit(world.provider.owner(), gnt.address, *source, gnt.token_program, amount)
}

/// A world whose provider holds `amount` more GNT, and its token account.
fn with_tokens(amount: u64) -> (World, Pubkey) {
    let mut world = World::new();
    let source = world
        .gnt
        .clone()
        .mint_to(&mut world.chain, &world.provider.owner(), amount);
    (world, source)
}

#[test]
fn a_deposit_moves_tokens_into_the_pool_and_the_stake() {
    let (mut world, source) = with_tokens(500);
    let bond = deposit(&world, &source, 300);
    let done = world.chain.send(&[bond], &[&world.provider.wallet]).succeeds();
    let stake = world.stake();
    assert_eq!(stake.active, BOND + 300);
    assert_eq!(world.pool().staked, BOND + 300);
    assert_eq!(tokens_in(&world.chain, &source), 200);
    assert_eq!(tokens_in(&world.chain, &address::pool_vault()), BOND + 300);
    let deposited = StakeDeposited {
        owner: stake.owner,
        amount: 300,
        active: stake.active,
    };
    assert_eq!(done.event(), Event::StakeDeposited(deposited));
}

#[test]
fn an_amount_of_zero_is_refused() {
    let (mut world, source) = with_tokens(1);
    let bond = deposit(&world, &source, 0);
    world
        .chain
        .send(&[bond], &[&world.provider.wallet])
        .is_refused(StakingError::ZeroAmount);
}

#[test]
fn more_than_the_token_account_holds_is_refused_by_the_token_program() {
    let (mut world, source) = with_tokens(10);
    let bond = deposit(&world, &source, 11);
    world
        .chain
        .send(&[bond], &[&world.provider.wallet])
        .is_refused(InstructionError::Custom(1));
}

#[test]
fn a_stake_that_would_leave_64_bits_is_refused() {
    let (mut world, source) = with_tokens(10);
    // The supply of a mint is 64 bits too, so no transaction leads here.
    let stake = address::stake(&world.provider.owner());
    world.chain.alter::<Stake>(&stake, |stake| stake.active = u64::MAX - 5);
    let bond = deposit(&world, &source, 10);
    let refused = world.chain.simulate_unreachable(&[bond], &[&world.provider.wallet]);
    refused.is_refused(StakingError::AmountOverflow);
}

#[test]
fn a_pool_that_would_leave_64_bits_is_refused() {
    let (mut world, source) = with_tokens(10);
    world
        .chain
        .alter::<Pool>(&address::pool(), |pool| pool.staked = u64::MAX - 9);
    let bond = deposit(&world, &source, 10);
    let refused = world.chain.simulate_unreachable(&[bond], &[&world.provider.wallet]);
    refused.is_refused(StakingError::AmountOverflow);
}

#[test]
fn tokens_of_another_mint_are_refused() {
    let (mut world, _) = with_tokens(1);
    let other = Mint::classic(&mut world.chain, 9);
    let source = other.mint_to(&mut world.chain, &world.provider.owner(), 10);
    let bond = exchange(deposit(&world, &source, 10), &world.gnt.address, &other.address);
    world
        .chain
        .send(&[bond], &[&world.provider.wallet])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn a_token_account_of_another_mint_is_refused() {
    let (mut world, _) = with_tokens(1);
    let other = Mint::classic(&mut world.chain, 9);
    let source = other.mint_to(&mut world.chain, &world.provider.owner(), 10);
    let bond = deposit(&world, &source, 10);
    world
        .chain
        .send(&[bond], &[&world.provider.wallet])
        .is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn tokens_of_another_wallet_cannot_be_bonded() {
    let (mut world, _) = with_tokens(1);
    let victim = key::fresh().pubkey();
    let source = world.gnt.clone().mint_to(&mut world.chain, &victim, 10);
    let bond = deposit(&world, &source, 10);
    world
        .chain
        .send(&[bond], &[&world.provider.wallet])
        .is_refused(InstructionError::Custom(4));
}

#[test]
fn tokens_can_only_be_bonded_into_the_pools_own_vault() {
    let (mut world, source) = with_tokens(10);
    let own = world.gnt.clone().account_of(&mut world.chain, &Pubkey::new_unique());
    let bond = exchange(deposit(&world, &source, 10), &address::pool_vault(), &own);
    world
        .chain
        .send(&[bond], &[&world.provider.wallet])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn the_vault_itself_cannot_pay() {
    let (mut world, source) = with_tokens(10);
    let bond = exchange(deposit(&world, &source, 10), &source, &address::pool_vault());
    world
        .chain
        .send(&[bond], &[&world.provider.wallet])
        .is_refused(ErrorCode::ConstraintDuplicateMutableAccount);
}

#[test]
fn a_stake_of_another_owner_is_refused() {
    let (mut world, source) = with_tokens(10);
    let other = Provider::new();
    world.admit(&other);
    let stake = address::stake(&world.provider.owner());
    let bond = exchange(deposit(&world, &source, 10), &stake, &address::stake(&other.owner()));
    world
        .chain
        .send(&[bond], &[&world.provider.wallet])
        .is_refused(StakingError::NotOwner);
}

#[test]
fn an_account_in_the_place_of_the_token_program_is_refused() {
    let (mut world, source) = with_tokens(10);
    let bond = exchange(
        deposit(&world, &source, 10),
        &world.gnt.token_program,
        &address::SYSTEM_PROGRAM,
    );
    world
        .chain
        .send(&[bond], &[&world.provider.wallet])
        .is_refused(InstructionError::IncorrectProgramId);
}
