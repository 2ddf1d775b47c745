//! Opening a tenant's account.

use gantry_sdk::{Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{forge::exchange, parties::DEPOSIT, parties::Tenant as Party, world::World};
use market::{
    MarketError,
    events::TenantOpened,
    state::{Record, Tenant},
};
use solana_instruction::error::InstructionError;

#[test]
fn anyone_opens_an_account_with_an_empty_record_for_a_wallet() {
    let mut world = World::configured();
    let wallet = Pubkey::new_unique();
    let open = instruction::tenant_open(world.deployer.pubkey(), wallet);
    let done = world.chain.send(&[open], &[&world.deployer]).succeeds();
    let address = address::tenant(&wallet);
    let tenant: Tenant = world.chain.get(&address);
    assert_eq!((tenant.wallet, tenant.record), (wallet, Record::default()));
    assert_eq!(tenant.opened_at, world.chain.now());
    let opened = TenantOpened {
        tenant: address,
        wallet,
        at: tenant.opened_at,
    };
    assert_eq!(done.event(), Event::TenantOpened(opened));
}

#[test]
fn a_wallet_may_pay_for_its_own_account() {
    let mut world = World::configured();
    let wallet = world.deployer.pubkey();
    let open = instruction::tenant_open(wallet, wallet);
    world.chain.send(&[open], &[&world.deployer]).succeeds();
    assert_eq!(world.chain.get::<Tenant>(&address::tenant(&wallet)).wallet, wallet);
}

#[test]
fn an_account_is_opened_once_so_that_nobody_begins_again() {
    let mut world = World::new();
    let again = instruction::tenant_open(world.deployer.pubkey(), world.tenant.owner());
    world
        .chain
        .send(&[again], &[&world.deployer])
        .is_refused(InstructionError::Custom(0));
}

#[test]
fn an_account_lies_at_the_address_of_its_wallet() {
    let mut world = World::configured();
    let (wallet, other) = (Pubkey::new_unique(), Pubkey::new_unique());
    let open = instruction::tenant_open(world.deployer.pubkey(), wallet);
    let open = exchange(open, &address::tenant(&wallet), &address::tenant(&other));
    world
        .chain
        .send(&[open], &[&world.deployer])
        .is_refused(InstructionError::InvalidSeeds);
}

#[test]
fn no_job_opens_for_a_wallet_without_an_account_or_with_anothers() {
    let mut world = World::new();
    let first = std::mem::replace(&mut world.tenant, Party::new());
    let (owner, usdc) = (world.tenant.owner(), world.usdc.clone());
    world.chain.fund(&owner);
    world.open_balance(&owner, &usdc);
    world.deposit(DEPOSIT).succeeds();
    let open = world.open_instruction(world.tenant.terms(1));
    let borrowed = exchange(open.clone(), &address::tenant(&owner), &address::tenant(&first.owner()));
    let wallet = world.tenant.wallet.insecure_clone();
    world
        .chain
        .send(&[open.clone()], &[&wallet])
        .is_refused(InstructionError::UninitializedAccount);
    world
        .chain
        .send(&[borrowed], &[&wallet])
        .is_refused(MarketError::WrongTenant);
    world.open_tenant(&owner);
    world.chain.send(&[open], &[&wallet]).succeeds();
}
