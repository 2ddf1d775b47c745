//! Moving a GPU between a provider's nodes.

use anchor_lang::ErrorCode;
use gantry_sdk::{Instruction, Pubkey, Signer, address, event::Event, instruction::market as instruction};
use gantry_tests::{
    forge::exchange,
    key,
    outcome::Outcome,
    parties::{GPUS, Provider, specification},
    world::World,
};
use market::{
    MarketError, NodeSpecification,
    events::DeviceMoved,
    state::{Device, Node, Provider as ProviderAccount},
};

/// A world in which the provider has a second node, without GPUs.
fn with_two_nodes() -> World {
    let mut world = World::new();
    add_node(&mut world, 1, specification());
    world
}

fn add_node(world: &mut World, id: u16, specification: NodeSpecification) {
    let register = instruction::node_register(world.provider.owner(), id, specification);
    world.chain.send(&[register], &[&world.provider.wallet]).succeeds();
}

/// The first GPU of the first node moves to `to`.
fn move_instruction(world: &World, to: Pubkey) -> Instruction {
    let identity = world.provider.identity(0, 0);
    instruction::device_move(world.provider.owner(), &identity, world.node_address(), to)
}

fn move_to(world: &mut World, to: Pubkey) -> Outcome {
    let shift = move_instruction(world, to);
    world.chain.send(&[shift], &[&world.provider.wallet])
}

fn gpus(world: &World, id: u16) -> (u16, u16) {
    let node: Node = world.chain.get(&world.provider.node(id));
    (node.gpus, node.gpus_free)
}

#[test]
fn a_gpu_moves_with_what_can_be_rented() {
    let mut world = with_two_nodes();
    let second = world.provider.node(1);
    let done = move_to(&mut world, second).succeeds();
    let device: Device = world.chain.get(&address::device(&world.provider.identity(0, 0)));
    assert_eq!((device.node, device.provider), (second, world.provider.account()));
    assert_eq!((gpus(&world, 0), gpus(&world, 1)), ((GPUS - 1, GPUS - 1), (1, 1)));
    let moved = DeviceMoved {
        device: address::device(&device.identity),
        from: world.node_address(),
        to: second,
        from_gpus: GPUS - 1,
        from_gpus_free: GPUS - 1,
        to_gpus: 1,
        to_gpus_free: 1,
        gpus_offered: u64::from(GPUS),
        at: world.chain.now(),
    };
    assert_eq!(done.event(), Event::DeviceMoved(moved));
}

#[test]
fn no_gpu_moves_while_all_are_rented() {
    let mut world = with_two_nodes();
    let second = world.provider.node(1);
    let most = world.tenant.terms(GPUS - 1);
    world.open_with(most);
    let job = world.running_job();
    move_to(&mut world, second).is_refused(MarketError::DevicesRented);
    let attestation = world.provider.attestation.insecure_clone();
    world.close_by(&attestation, &job).succeeds();
    move_to(&mut world, second).succeeds();
    assert_eq!((gpus(&world, 0), gpus(&world, 1)), ((GPUS - 1, 0), (1, 1)));
    let terms = world.tenant.terms(1);
    world.open(terms).is_refused(MarketError::CapacityExceeded);
}

#[test]
fn only_active_nodes_count_what_moves() {
    let mut world = with_two_nodes();
    let (owner, account) = (world.provider.owner(), world.provider.account());
    let (first, second) = (world.node_address(), world.provider.node(1));
    let activate = |world: &mut World, node, active| {
        let update = instruction::node_update(owner, node, 1, 86_400, active);
        world.chain.send(&[update], &[&world.provider.wallet]).succeeds();
    };
    let offered = |world: &World| world.chain.get::<ProviderAccount>(&account).gpus_offered;
    activate(&mut world, second, false);
    move_to(&mut world, second).succeeds();
    assert_eq!(offered(&world), 7);
    let back = |world: &World| instruction::device_move(owner, &world.provider.identity(0, 0), second, first);
    let instruction = back(&world);
    world.chain.send(&[instruction], &[&world.provider.wallet]).succeeds();
    assert_eq!(offered(&world), 8);
    activate(&mut world, first, false);
    move_to(&mut world, second).succeeds();
    assert_eq!(offered(&world), 0);
}

#[test]
fn a_gpu_moves_only_to_a_node_of_its_kind() {
    let mut world = with_two_nodes();
    let class = *b"rtx-4090\0\0\0\0\0\0\0\0";
    let another = instruction::class_register(world.authority.pubkey(), class);
    world.chain.send(&[another], &[&world.authority]).succeeds();
    let usual = specification();
    add_node(&mut world, 2, NodeSpecification { class, ..usual });
    let simulated = NodeSpecification {
        simulated: true,
        ..usual
    };
    add_node(&mut world, 3, simulated);
    for id in [2, 3] {
        let to = world.provider.node(id);
        move_to(&mut world, to).is_refused(MarketError::OtherClass);
    }
}

#[test]
fn a_gpu_moves_to_no_other_provider() {
    let mut world = World::new();
    let other = Provider::new();
    world.admit(&other);
    move_to(&mut world, other.node(0)).is_refused(MarketError::NotOwner);
}

#[test]
fn a_gpu_moves_from_the_node_that_has_it_and_not_in_place() {
    let mut world = with_two_nodes();
    let (owner, identity) = (world.provider.owner(), world.provider.identity(0, 0));
    let (first, second) = (world.node_address(), world.provider.node(1));
    let from_elsewhere = instruction::device_move(owner, &identity, second, first);
    world
        .chain
        .send(&[from_elsewhere], &[&world.provider.wallet])
        .is_refused(ErrorCode::ConstraintAddress);
    move_to(&mut world, first).is_refused(ErrorCode::ConstraintDuplicateMutableAccount);
}

#[test]
fn a_full_node_takes_no_more() {
    let mut world = with_two_nodes();
    for some in world.provider.devices(1, 0..64).chunks(10) {
        world.chain.send(some, &[&world.provider.wallet]).succeeds();
    }
    let second = world.provider.node(1);
    move_to(&mut world, second).is_refused(MarketError::NodeFull);
}

#[test]
fn a_stranger_and_governance_move_no_gpu() {
    let mut world = with_two_nodes();
    let second = world.provider.node(1);
    for caller in [key::fresh(), world.authority.insecure_clone()] {
        let shift = exchange(
            move_instruction(&world, second),
            &world.provider.owner(),
            &caller.pubkey(),
        );
        world.chain.send(&[shift], &[&caller]).is_refused(MarketError::NotOwner);
    }
}
