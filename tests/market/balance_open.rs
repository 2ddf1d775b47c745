//! Opening a balance.

use gantry_sdk::{Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{forge::exchange, token::Mint, world::World};
use market::{events::BalanceOpened, state::Balance};
use solana_instruction::error::InstructionError;

#[test]
fn anyone_opens_an_empty_balance_for_a_wallet() {
    let mut world = World::configured();
    let (owner, mint) = (Pubkey::new_unique(), world.usdc.address);
    let open = instruction::balance_open(world.deployer.pubkey(), owner, mint);
    let done = world.chain.send(&[open], &[&world.deployer]).succeeds();
    let balance: Balance = world.balance(&owner);
    assert_eq!((balance.owner, balance.mint, balance.amount), (owner, mint, 0));
    assert_eq!(done.event(), Event::BalanceOpened(BalanceOpened { owner, mint }));
}

#[test]
fn an_owner_may_pay_for_its_own_balance() {
    let mut world = World::configured();
    let (owner, mint) = (world.deployer.pubkey(), world.usdc.address);
    let open = instruction::balance_open(owner, owner, mint);
    world.chain.send(&[open], &[&world.deployer]).succeeds();
    let balance: Balance = world.balance(&owner);
    assert_eq!((balance.owner, balance.mint, balance.amount), (owner, mint, 0));
}

#[test]
fn a_balance_is_opened_once_per_wallet_and_mint() {
    let mut world = World::new();
    let again = instruction::balance_open(world.deployer.pubkey(), world.tenant.owner(), world.usdc.address);
    world
        .chain
        .send(&[again], &[&world.deployer])
        .is_refused(InstructionError::Custom(0));
}

#[test]
fn a_balance_in_a_mint_that_is_not_registered_is_refused() {
    let mut world = World::configured();
    let mint = Mint::classic(&mut world.chain, 6);
    let open = instruction::balance_open(world.deployer.pubkey(), Pubkey::new_unique(), mint.address);
    world
        .chain
        .send(&[open], &[&world.deployer])
        .is_refused(InstructionError::UninitializedAccount);
}

#[test]
fn a_balance_lies_at_the_address_of_its_wallet_and_mint() {
    let mut world = World::configured();
    let (owner, other) = (Pubkey::new_unique(), Pubkey::new_unique());
    let mint = world.usdc.address;
    let open = instruction::balance_open(world.deployer.pubkey(), owner, mint);
    let open = exchange(open, &address::balance(&owner, &mint), &address::balance(&other, &mint));
    world
        .chain
        .send(&[open], &[&world.deployer])
        .is_refused(InstructionError::InvalidSeeds);
}
