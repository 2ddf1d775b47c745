//! Moving tokens out of the market.

use anchor_lang::ErrorCode;
use gantry_protocol::outflow::UNCAPPED;
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::DEPOSIT,
    token::{Mint, tokens_in},
    world::World,
};
use market::{MarketError, events::BalanceWithdrawn, state::RegisteredMint};
use solana_instruction::error::InstructionError;

/// The tenant's withdrawal to a token account of its own, and that account.
fn withdraw(world: &mut World, amount: u64) -> (Instruction, Pubkey) {
    let (owner, usdc) = (world.tenant.owner(), world.usdc.clone());
    let destination = usdc.account_of(&mut world.chain, &owner);
    let withdraw = instruction::balance_withdraw(owner, usdc.address, destination, usdc.token_program, amount);
    (withdraw, destination)
}

fn send(world: &mut World, instruction: Instruction) -> Outcome {
    world.chain.send(&[instruction], &[&world.tenant.wallet])
}

#[test]
fn a_withdrawal_moves_tokens_out_of_the_vault_and_the_balance() {
    let mut world = World::new();
    let (take, destination) = withdraw(&mut world, 300);
    let done = send(&mut world, take).succeeds();
    assert_eq!((world.tenant_has(), world.vault()), (DEPOSIT - 300, DEPOSIT - 300));
    assert_eq!(tokens_in(&world.chain, &destination), 300);
    let registered: RegisteredMint = world.chain.get(&address::registered_mint(&world.usdc.address));
    let withdrawn = BalanceWithdrawn {
        owner: world.tenant.owner(),
        mint: world.usdc.address,
        amount: 300,
        balance: DEPOSIT - 300,
        received: 300,
        withdraw_room: UNCAPPED,
        withdraw_rest: 0,
        room_at: registered.room_at,
    };
    assert_eq!(done.event(), Event::BalanceWithdrawn(withdrawn));
}

#[test]
fn the_owner_may_send_its_tokens_to_any_token_account_of_the_mint() {
    let mut world = World::new();
    let (take, own) = withdraw(&mut world, DEPOSIT);
    let friend = world.usdc.clone().account_of(&mut world.chain, &Pubkey::new_unique());
    send(&mut world, exchange(take, &own, &friend)).succeeds();
    assert_eq!(tokens_in(&world.chain, &friend), DEPOSIT);
}

#[test]
fn a_provider_withdraws_what_it_has_earned() {
    let mut world = World::new();
    let job = world.running_job();
    world.chain.advance(60);
    let receipt = world.receipt(&job, 60_000);
    world.settle(&receipt).succeeds();
    let (owner, usdc) = (world.provider.owner(), world.usdc.clone());
    let (earned, destination) = (world.provider_has(), usdc.account_of(&mut world.chain, &owner));
    assert!(earned > 0);
    let take = instruction::balance_withdraw(owner, usdc.address, destination, usdc.token_program, earned);
    world.chain.send(&[take], &[&world.provider.wallet]).succeeds();
    assert_eq!(
        (world.provider_has(), tokens_in(&world.chain, &destination)),
        (0, earned)
    );
}

#[test]
fn an_amount_of_zero_is_refused() {
    let mut world = World::new();
    let (take, _) = withdraw(&mut world, 0);
    send(&mut world, take).is_refused(MarketError::ZeroAmount);
}

#[test]
fn more_than_the_balance_is_refused() {
    let mut world = World::new();
    let (take, _) = withdraw(&mut world, DEPOSIT + 1);
    send(&mut world, take).is_refused(MarketError::InsufficientBalance);
}

#[test]
fn what_a_job_holds_cannot_be_withdrawn() {
    let mut world = World::new();
    let job = world.open_job();
    let escrow = world.job(&job).escrow;
    let (take, _) = withdraw(&mut world, DEPOSIT - escrow + 1);
    send(&mut world, take).is_refused(MarketError::InsufficientBalance);
}

#[test]
fn a_stranger_cannot_withdraw_anothers_balance() {
    let mut world = World::new();
    let stranger = key::fresh();
    let (take, _) = withdraw(&mut world, 1);
    let take = exchange(take, &world.tenant.owner(), &stranger.pubkey());
    world
        .chain
        .send(&[take], &[&stranger])
        .is_refused(MarketError::NotOwner);
}

#[test]
fn a_balance_in_one_mint_pays_nothing_out_in_another() {
    let mut world = World::new();
    let other = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other).succeeds();
    let owner = world.tenant.owner();
    world.open_balance(&owner, &other);
    let (take, _) = withdraw(&mut world, 1);
    let of_usdc = address::balance(&owner, &world.usdc.address);
    let take = exchange(take, &of_usdc, &address::balance(&owner, &other.address));
    send(&mut world, take).is_refused(MarketError::WrongBalance);
}

#[test]
fn the_vault_of_another_mint_pays_nothing_out() {
    let mut world = World::new();
    let other = Mint::classic(&mut world.chain, 6);
    world.register_mint(&other).succeeds();
    let (take, _) = withdraw(&mut world, 1);
    let vault = address::vault(&world.usdc.address);
    let take = exchange(take, &vault, &address::vault(&other.address));
    send(&mut world, take).is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn a_token_account_of_another_mint_receives_nothing() {
    let mut world = World::new();
    let other = Mint::classic(&mut world.chain, 6);
    let account = other.account_of(&mut world.chain, &world.tenant.owner());
    let (take, own) = withdraw(&mut world, 1);
    send(&mut world, exchange(take, &own, &account)).is_refused(InstructionError::InvalidAccountData);
}

#[test]
fn the_vault_cannot_be_its_own_destination() {
    let mut world = World::new();
    let (take, own) = withdraw(&mut world, 1);
    let vault = address::vault(&world.usdc.address);
    let take = exchange(take, &own, &vault);
    send(&mut world, take).is_refused(ErrorCode::ConstraintDuplicateMutableAccount);
}

#[test]
fn withdrawals_go_on_while_the_market_is_paused() {
    let mut world = World::new();
    let mut args = gantry_tests::parties::market_parameters(world.authority.pubkey());
    args.paused = true;
    let pause = instruction::config_update(world.authority.pubkey(), args);
    world.chain.send(&[pause], &[&world.authority]).succeeds();
    let (take, _) = withdraw(&mut world, DEPOSIT);
    send(&mut world, take).succeeds();
}
