//! Registering a GPU.

use gantry_protocol::limits::MAX_GPUS_PER_NODE;
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{BOND, GPUS, Provider, STAKE_PER_GPU},
    world::World,
};
use market::{
    MarketError,
    events::DeviceRegistered,
    state::{Device, Node, Provider as ProviderAccount},
};
use solana_instruction::error::InstructionError;

const IDENTITY: [u8; 32] = [0xd1; 32];

fn register_instruction(world: &World, node: Pubkey) -> Instruction {
    instruction::device_register(world.provider.owner(), node, IDENTITY)
}

fn register(world: &mut World) -> Outcome {
    let register = register_instruction(world, world.node_address());
    world.chain.send(&[register], &[&world.provider.wallet])
}

#[test]
fn a_registered_gpu_is_one_more_that_can_be_rented() {
    let mut world = World::new();
    let done = register(&mut world).succeeds();
    let (address, node) = (address::device(&IDENTITY), world.node());
    let device: Device = world.chain.get(&address);
    let (account, now) = (world.provider.account(), world.chain.now());
    assert_eq!((device.node, device.provider), (world.node_address(), account));
    assert_eq!((device.identity, device.registered_at), (IDENTITY, now));
    assert_eq!((node.gpus, node.gpus_free), (GPUS + 1, GPUS + 1));
    let offered = world.chain.get::<ProviderAccount>(&account).gpus_offered;
    assert_eq!(offered, u32::from(GPUS) + 1);
    let registered = DeviceRegistered {
        device: address,
        node: device.node,
        provider: account,
        identity: IDENTITY,
        at: now,
        gpus_offered: offered,
        gpus: GPUS + 1,
        gpus_free: GPUS + 1,
    };
    assert_eq!(done.event(), Event::DeviceRegistered(registered));
    let all = world.tenant.terms(GPUS + 1);
    world.open_with(all);
    assert_eq!(world.node().gpus_free, 0);
}

#[test]
fn nobody_registers_a_gpu_that_is_registered_already() {
    let mut world = World::new();
    register(&mut world).succeeds();
    let taken = InstructionError::Custom(0);
    register(&mut world).is_refused(taken.clone());
    let second = instruction::node_register(world.provider.owner(), 1, gantry_tests::parties::specification());
    world.chain.send(&[second], &[&world.provider.wallet]).succeeds();
    let on_another_node = register_instruction(&world, world.provider.node(1));
    world
        .chain
        .send(&[on_another_node], &[&world.provider.wallet])
        .is_refused(taken.clone());
    let other = Provider::new();
    world.admit(&other);
    let by_another = instruction::device_register(other.owner(), other.node(0), IDENTITY);
    world.chain.send(&[by_another], &[&other.wallet]).is_refused(taken);
}

#[test]
fn a_node_has_64_gpus_at_most() {
    let mut world = World::new();
    let rest = world.provider.devices(0, GPUS..MAX_GPUS_PER_NODE);
    for some in rest.chunks(10) {
        world.chain.send(some, &[&world.provider.wallet]).succeeds();
    }
    assert_eq!(world.node().gpus, MAX_GPUS_PER_NODE);
    register(&mut world).is_refused(MarketError::NodeFull);
}

#[test]
fn a_gpu_more_needs_stake_more_before_another_job_opens() {
    let mut world = World::new();
    let spare = BOND - u64::from(GPUS) * STAKE_PER_GPU;
    let unbond = gantry_sdk::instruction::staking::unbonding_request(world.provider.owner(), spare);
    world.chain.send(&[unbond], &[&world.provider.wallet]).succeeds();
    let terms = world.tenant.terms(1);
    world.open_with(terms);
    register(&mut world).succeeds();
    world.open(terms).is_refused(MarketError::StakeBelowOffer);
}

#[test]
fn a_gpu_of_a_node_that_takes_no_jobs_is_not_offered() {
    let mut world = World::new();
    let (owner, node, account) = (world.provider.owner(), world.node_address(), world.provider.account());
    let close = instruction::node_update(owner, node, 1, 86_400, false);
    world.chain.send(&[close], &[&world.provider.wallet]).succeeds();
    register(&mut world).succeeds();
    assert_eq!(world.chain.get::<ProviderAccount>(&account).gpus_offered, 0);
    let open = instruction::node_update(owner, node, 1, 86_400, true);
    world.chain.send(&[open], &[&world.provider.wallet]).succeeds();
    assert_eq!(world.chain.get::<ProviderAccount>(&account).gpus_offered, 9);
}

#[test]
fn a_stranger_registers_no_gpu_for_a_provider() {
    let mut world = World::new();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let register = register_instruction(&world, world.node_address());
    let register = exchange(register, &world.provider.owner(), &stranger.pubkey());
    world
        .chain
        .send(&[register], &[&stranger])
        .is_refused(MarketError::NotOwner);
}

#[test]
fn a_provider_registers_no_gpu_for_anothers_node() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    let register = register_instruction(&world, other.node(0));
    world
        .chain
        .send(&[register], &[&world.provider.wallet])
        .is_refused(anchor_lang::ErrorCode::ConstraintAddress);
    assert_eq!(world.chain.get::<Node>(&other.node(0)).gpus, GPUS);
}

#[test]
fn a_gpu_lies_at_the_address_of_its_identity() {
    let mut world = World::new();
    let elsewhere = exchange(
        register_instruction(&world, world.node_address()),
        &address::device(&IDENTITY),
        &address::device(&[0xd2; 32]),
    );
    world
        .chain
        .send(&[elsewhere], &[&world.provider.wallet])
        .is_refused(InstructionError::InvalidSeeds);
}
