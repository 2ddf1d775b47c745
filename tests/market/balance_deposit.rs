//! Moving tokens into the market.

use anchor_lang::ErrorCode;
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::DEPOSIT,
    token::{Mint, tokens_in},
    world::World,
};
use market::{MarketError, events::BalanceDeposited, state::Balance};
use solana_instruction::error::InstructionError;

fn deposit(world: &World, source: &Pubkey, amount: u64) -> Instruction {
    let usdc = &world.usdc;
    instruction::balance_deposit(world.tenant.owner(), usdc.address, *source, usdc.token_program, amount)
}

fn send(world: &mut World, instruction: Instruction) -> Outcome {
    world.chain.send(&[instruction], &[&world.tenant.wallet])
}

/// A world whose tenant holds `amount` USDC outside the market, and its token account.
fn with_tokens(amount: u64) -> (World, Pubkey) {
    let mut world = World::new();
    let source = world
        .usdc
        .clone()
        .mint_to(&mut world.chain, &world.tenant.owner(), amount);
    (world, source)
}

#[test]
fn a_deposit_moves_tokens_into_the_vault_and_the_balance() {
    let (mut world, source) = with_tokens(500);
    let pay_in = deposit(&world, &source, 300);
    let done = send(&mut world, pay_in).succeeds();
    assert_eq!(world.tenant_has(), DEPOSIT + 300);
    assert_eq!(world.vault(), DEPOSIT + 300);
    assert_eq!(tokens_in(&world.chain, &source), 200);
    let deposited = BalanceDeposited {
        owner: world.tenant.owner(),
        mint: world.usdc.address,
        amount: 300,
        balance: DEPOSIT + 300,
        sent: 300,
    };
    assert_eq!(done.event(), Event::BalanceDeposited(deposited));
}

#[test]
fn an_amount_of_zero_is_refused() {
    let (mut world, source) = with_tokens(1);
    let pay_in = deposit(&world, &source, 0);
    send(&mut world, pay_in).is_refused(MarketError::ZeroAmount);
}

#[test]
fn a_balance_that_would_leave_64_bits_is_refused() {
    let (mut world, source) = with_tokens(10);
    // The supply of a mint is 64 bits too, so no transaction leads here.
    let balance = address::balance(&world.tenant.owner(), &world.usdc.address);
    world
        .chain
        .alter::<Balance>(&balance, |balance| balance.amount = u64::MAX - 9);
    let pay_in = deposit(&world, &source, 10);
    world
        .chain
        .simulate_unreachable(&[pay_in], &[&world.tenant.wallet])
        .is_refused(MarketError::AmountOverflow);
}

#[test]
fn more_than_the_token_account_holds_is_refused_by_the_token_program() {
    let (mut world, source) = with_tokens(10);
    let pay_in = deposit(&world, &source, 11);
    send(&mut world, pay_in).is_refused(InstructionError::Custom(1));
}

#[test]
fn tokens_of_another_wallet_cannot_be_deposited() {
    let (mut world, _) = with_tokens(1);
    let victim = world.usdc.clone().mint_to(&mut world.chain, &Pubkey::new_unique(), 10);
    let pay_in = deposit(&world, &victim, 10);
    send(&mut world, pay_in).is_refused(InstructionError::Custom(4));
}

#[test]
fn a_deposit_into_anothers_balance_is_refused() {
    let (mut world, source) = with_tokens(10);
    let (tenant, provider, mint) = (world.tenant.owner(), world.provider.owner(), world.usdc.address);
    let pay_in = deposit(&world, &source, 10);
    let pay_in = exchange(
        pay_in,
        &address::balance(&tenant, &mint),
        &address::balance(&provider, &mint),
    );
    send(&mut world, pay_in).is_refused(MarketError::NotOwner);
}

#[test]
fn a_deposit_into_a_balance_of_another_mint_is_refused() {
    let (mut world, source) = with_tokens(10);
    let other = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other).succeeds();
    let owner = world.tenant.owner();
    world.open_balance(&owner, &other);
    let pay_in = deposit(&world, &source, 10);
    let own = address::balance(&owner, &world.usdc.address);
    let pay_in = exchange(pay_in, &own, &address::balance(&owner, &other.address));
    send(&mut world, pay_in).is_refused(MarketError::WrongBalance);
}

#[test]
fn worthless_tokens_do_not_become_a_balance_in_another_mint() {
    let (mut world, _) = with_tokens(1);
    let worthless = Mint::classic(&mut world.chain, 6);
    let source = worthless.mint_to(&mut world.chain, &world.tenant.owner(), 10);
    let pay_in = deposit(&world, &source, 10);
    send(&mut world, pay_in.clone()).is_refused(InstructionError::InvalidAccountData);
    let pay_in = exchange(pay_in, &world.usdc.address, &worthless.address);
    send(&mut world, pay_in).is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn tokens_can_only_be_deposited_into_the_mints_own_vault() {
    let (mut world, source) = with_tokens(10);
    let own = world.usdc.clone().account_of(&mut world.chain, &key::fresh().pubkey());
    let vault = address::vault(&world.usdc.address);
    let pay_in = exchange(deposit(&world, &source, 10), &vault, &own);
    send(&mut world, pay_in).is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn the_vault_itself_cannot_pay() {
    let (mut world, source) = with_tokens(10);
    let vault = address::vault(&world.usdc.address);
    let pay_in = exchange(deposit(&world, &source, 10), &source, &vault);
    send(&mut world, pay_in).is_refused(ErrorCode::ConstraintDuplicateMutableAccount);
}

#[test]
fn another_token_program_than_the_mints_is_refused() {
    let (mut world, source) = with_tokens(10);
    let pay_in = exchange(
        deposit(&world, &source, 10),
        &world.usdc.token_program,
        &gantry_tests::token::TOKEN_2022_PROGRAM,
    );
    send(&mut world, pay_in).is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn tokens_given_to_the_vault_belong_to_nobody() {
    let (mut world, source) = with_tokens(10);
    let (usdc, vault) = (world.usdc.clone(), address::vault(&world.usdc.address));
    usdc.give_away(&mut world.chain, &vault, 77);
    let pay_in = deposit(&world, &source, 10);
    send(&mut world, pay_in).succeeds();
    assert_eq!((world.tenant_has(), world.vault()), (DEPOSIT + 10, DEPOSIT + 87));
}
