//! Taking a GPU off the network.

use anchor_lang::ErrorCode;
use gantry_sdk::{Instruction, Keypair, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{GPUS, Provider},
    world::World,
};
use market::{
    MarketError,
    events::DeviceRetired,
    state::{Device, Node, Provider as ProviderAccount},
};

/// The first GPU of the first node.
fn retire_instruction(world: &World, caller: &Keypair) -> Instruction {
    let (owner, identity) = (world.provider.owner(), world.provider.identity(0, 0));
    instruction::device_retire(caller.pubkey(), owner, world.node_address(), &identity)
}

fn retire_by(world: &mut World, caller: &Keypair) -> Outcome {
    let retire = retire_instruction(world, caller);
    world.chain.send(&[retire], &[caller])
}

fn retire(world: &mut World) -> Outcome {
    let wallet = world.provider.wallet.insecure_clone();
    retire_by(world, &wallet)
}

fn lamports(world: &World, address: &gantry_sdk::Pubkey) -> u64 {
    world.chain.account(address).map_or(0, |account| account.lamports)
}

#[test]
fn a_retired_gpu_gives_its_rent_back_and_is_rented_no_more() {
    let mut world = World::new();
    let (owner, identity) = (world.provider.owner(), world.provider.identity(0, 0));
    let device = address::device(&identity);
    let (before, rent) = (lamports(&world, &owner), lamports(&world, &device));
    assert!(rent > 0);
    let done = retire(&mut world).succeeds();
    assert_eq!(lamports(&world, &owner), before + rent);
    assert_eq!(lamports(&world, &device), 0);
    let (node, account) = (world.node(), world.provider.account());
    assert_eq!((node.gpus, node.gpus_free), (GPUS - 1, GPUS - 1));
    let offered = world.chain.get::<ProviderAccount>(&account).gpus_offered;
    assert_eq!(offered, u32::from(GPUS) - 1);
    let retired = DeviceRetired {
        device,
        node: world.node_address(),
        provider: account,
        identity,
        caller: owner,
        gpus_offered: offered,
        gpus: GPUS - 1,
        gpus_free: GPUS - 1,
        at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::DeviceRetired(retired));
    let all = world.tenant.terms(GPUS);
    world.open(all).is_refused(MarketError::CapacityExceeded);
}

#[test]
fn whoever_owns_a_retired_gpu_now_registers_it() {
    let mut world = World::new();
    let identity = world.provider.identity(0, 0);
    let buyer = Provider::new();
    world.admit(&buyer);
    let register = instruction::device_register(buyer.owner(), buyer.node(0), identity);
    retire(&mut world).succeeds();
    world.chain.send(&[register], &[&buyer.wallet]).succeeds();
    let device: Device = world.chain.get(&address::device(&identity));
    assert_eq!((device.node, device.provider), (buyer.node(0), buyer.account()));
    assert_eq!(world.chain.get::<Node>(&buyer.node(0)).gpus, GPUS + 1);
    retire(&mut world).is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn no_gpu_is_retired_while_all_are_rented() {
    let mut world = World::new();
    let all = world.tenant.terms(GPUS);
    let job = world.open_with(all);
    for caller in [world.provider.wallet.insecure_clone(), world.authority.insecure_clone()] {
        retire_by(&mut world, &caller).is_refused(MarketError::DevicesRented);
    }
    let attestation = world.provider.attestation.insecure_clone();
    world.cancel_by(&attestation, &job).succeeds();
    retire(&mut world).succeeds();
}

#[test]
fn a_gpu_of_a_node_that_takes_no_jobs_is_taken_from_no_offer() {
    let mut world = World::new();
    let (owner, account) = (world.provider.owner(), world.provider.account());
    let close = instruction::node_update(owner, world.node_address(), 1, 86_400, false);
    world.chain.send(&[close], &[&world.provider.wallet]).succeeds();
    retire(&mut world).succeeds();
    assert_eq!(world.chain.get::<ProviderAccount>(&account).gpus_offered, 0);
    assert_eq!(world.node().gpus, GPUS - 1);
}

#[test]
fn governance_retires_a_squatters_gpu_for_the_owner_who_registers_it_in_the_same_transaction() {
    let mut world = World::new();
    let (owner, identity) = (world.provider.owner(), world.provider.identity(0, 0));
    let victim = Provider::new();
    world.admit(&victim);
    let authority = world.authority.insecure_clone();
    let before = lamports(&world, &owner);
    let both = [
        retire_instruction(&world, &authority),
        instruction::device_register(victim.owner(), victim.node(0), identity),
    ];
    let rent = lamports(&world, &address::device(&identity));
    let done = world.chain.send(&both, &[&authority, &victim.wallet]).succeeds();
    let Event::DeviceRetired(retired) = &done.events()[0] else {
        panic!("{:?}", done.events());
    };
    assert_eq!(retired.caller, authority.pubkey());
    assert_eq!(
        lamports(&world, &owner),
        before + rent,
        "the rent goes to whoever paid it"
    );
    let device: Device = world.chain.get(&address::device(&identity));
    assert_eq!(device.provider, victim.account());
}

#[test]
fn nobody_else_retires_a_gpu() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    for caller in [other.wallet, world.provider.attestation.insecure_clone(), key::fresh()] {
        retire_by(&mut world, &caller).is_refused(MarketError::NotOwner);
    }
}

#[test]
fn the_rent_goes_to_the_provider_alone() {
    let mut world = World::new();
    let authority = world.authority.insecure_clone();
    let mut retire = retire_instruction(&world, &authority);
    retire.accounts.last_mut().expect("the owner").pubkey = authority.pubkey();
    world
        .chain
        .send(&[retire], &[&authority])
        .is_refused(ErrorCode::ConstraintAddress);
}

#[test]
fn the_node_must_be_the_one_that_has_the_gpu() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let wallet = world.provider.wallet.insecure_clone();
    let retire = exchange(
        retire_instruction(&world, &wallet),
        &world.node_address(),
        &other.node(0),
    );
    world
        .chain
        .send(&[retire], &[&wallet])
        .is_refused(ErrorCode::ConstraintAddress);
}
