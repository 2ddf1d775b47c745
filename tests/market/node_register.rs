//! Registering a node.

use gantry_protocol::limits::MAX_JOB_DURATION_S;
use gantry_sdk::{Instruction, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{CLASS, GPUS, specification},
    world::World,
};
use market::{
    MarketError, NodeSpecification,
    events::NodeRegistered,
    state::{Node, Price, Provider as ProviderAccount},
};
use solana_instruction::error::InstructionError;

fn register_instruction(world: &World, id: u16, specification: NodeSpecification) -> Instruction {
    instruction::node_register(world.provider.owner(), id, specification)
}

fn register(world: &mut World, id: u16, specification: NodeSpecification) -> Outcome {
    let register = register_instruction(world, id, specification);
    world.chain.send(&[register], &[&world.provider.wallet])
}

#[test]
fn a_provider_registers_its_next_node() {
    let mut world = World::new();
    let specification = NodeSpecification {
        simulated: true,
        ..specification()
    };
    let done = register(&mut world, 1, specification).succeeds();
    let address = world.provider.node(1);
    let node: Node = world.chain.get(&address);
    assert_eq!(
        (node.provider, node.owner, node.id),
        (world.provider.account(), world.provider.owner(), 1)
    );
    assert_eq!((node.class, node.region), (specification.class, specification.region));
    assert_eq!(
        (node.gpus, node.gpus_free, node.memory_mib),
        (0, 0, specification.memory_mib)
    );
    assert_eq!((node.min_duration_s, node.max_duration_s), (1, 86_400));
    assert_eq!((node.active, node.simulated, node.heartbeat_at), (1, 1, 0));
    assert_eq!(
        (node.registered_at, node.prices),
        (world.chain.now(), [Price::default(); 4])
    );
    let provider: ProviderAccount = world.chain.get(&world.provider.account());
    assert_eq!((provider.nodes, provider.gpus_offered), (2, u32::from(GPUS)));
    let registered = NodeRegistered {
        node: address,
        provider: node.provider,
        owner: node.owner,
        class: node.class,
        region: node.region,
        memory_mib: node.memory_mib,
        min_duration_s: node.min_duration_s,
        max_duration_s: node.max_duration_s,
        id: node.id,
        simulated: 1,
        at: node.registered_at,
    };
    assert_eq!(done.event(), Event::NodeRegistered(registered));
}

#[test]
fn nodes_are_numbered_without_gaps() {
    let mut world = World::new();
    register(&mut world, 2, specification()).is_refused(MarketError::NodeIdOutOfOrder);
    register(&mut world, 1, specification()).succeeds();
    register(&mut world, 2, specification()).succeeds();
}

#[test]
fn a_number_is_given_once() {
    let mut world = World::new();
    register(&mut world, 0, specification()).is_refused(InstructionError::Custom(0));
}

#[test]
fn the_last_number_is_not_given_so_that_the_count_stays_in_16_bits() {
    let mut world = World::new();
    let provider = world.provider.account();
    world
        .chain
        .alter::<ProviderAccount>(&provider, |provider| provider.nodes = u16::MAX);
    register(&mut world, u16::MAX, specification()).is_refused(MarketError::NodeIdOutOfOrder);
}

#[test]
fn a_stranger_cannot_register_a_node_for_a_provider() {
    let mut world = World::new();
    let stranger = key::fresh();
    world.chain.fund(&stranger.pubkey());
    let register = register_instruction(&world, 1, specification());
    let register = exchange(register, &world.provider.owner(), &stranger.pubkey());
    world
        .chain
        .send(&[register], &[&stranger])
        .is_refused(MarketError::NotOwner);
}

#[test]
fn a_node_lies_at_the_address_of_its_provider_and_number() {
    let mut world = World::new();
    let elsewhere = exchange(
        register_instruction(&world, 1, specification()),
        &world.provider.node(1),
        &world.provider.node(2),
    );
    world
        .chain
        .send(&[elsewhere], &[&world.provider.wallet])
        .is_refused(InstructionError::InvalidSeeds);
}

#[test]
fn a_node_is_of_a_class_that_is_registered_and_enabled() {
    let mut world = World::new();
    let unknown = NodeSpecification {
        class: *b"gpu\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ..specification()
    };
    register(&mut world, 1, unknown).is_refused(InstructionError::UninitializedAccount);
    let register_as_another = exchange(
        register_instruction(&world, 1, unknown),
        &address::gpu_class(&unknown.class),
        &address::gpu_class(&CLASS),
    );
    world
        .chain
        .send(&[register_as_another], &[&world.provider.wallet])
        .is_refused(MarketError::WrongClass);
    world.enable_class(false).succeeds();
    register(&mut world, 1, specification()).is_refused(MarketError::ClassDisabled);
    world.enable_class(true).succeeds();
    register(&mut world, 1, specification()).succeeds();
}

#[test]
fn the_region_must_be_a_canonical_name() {
    let mut world = World::new();
    let bad: [&[u8; 16]; 4] = [
        &[0; 16],
        b"H100\0\0\0\0\0\0\0\0\0\0\0\0",
        b"a\0b\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"a b\0\0\0\0\0\0\0\0\0\0\0\0\0",
    ];
    for name in bad {
        let region = NodeSpecification {
            region: *name,
            ..specification()
        };
        register(&mut world, 1, region).is_refused(MarketError::InvalidName);
    }
}

#[test]
fn gpus_without_memory_are_refused() {
    let mut world = World::new();
    let node = NodeSpecification {
        memory_mib: 0,
        ..specification()
    };
    register(&mut world, 1, node).is_refused(MarketError::InvalidSpecification);
}

#[test]
fn durations_must_be_a_range_between_a_second_and_a_year() {
    let mut world = World::new();
    for (min_duration_s, max_duration_s) in [(0, 1), (2, 1), (1, MAX_JOB_DURATION_S + 1)] {
        let node = NodeSpecification {
            min_duration_s,
            max_duration_s,
            ..specification()
        };
        register(&mut world, 1, node).is_refused(MarketError::InvalidSpecification);
    }
    let year = NodeSpecification {
        min_duration_s: MAX_JOB_DURATION_S,
        max_duration_s: MAX_JOB_DURATION_S,
        ..specification()
    };
    register(&mut world, 1, year).succeeds();
}
