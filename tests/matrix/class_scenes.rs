//! The scenes of classes, price ranges and devices.

use gantry_protocol::class::Name;
use gantry_sdk::{Signer, instruction::market as instruction};
use gantry_tests::parties::{CLASS, RATE_CEILING, RATE_FLOOR, specification};

use crate::{
    scene::Scene,
    stage::{OTHER_CLASS, Stage, Tokens},
};

/// A class that nobody has registered.
const NEW_CLASS: Name = *b"b200-sxm\0\0\0\0\0\0\0\0";

pub(crate) fn register(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let call = instruction::class_register(stage.world.authority.pubkey(), NEW_CLASS);
    Scene::new(stage, call)
}

pub(crate) fn update(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let call = instruction::class_update(stage.world.authority.pubkey(), &CLASS, true);
    Scene::new(stage, call)
}

/// The other class, which has no range in euros.
pub(crate) fn price_range_register(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (authority, euro) = (stage.world.authority.pubkey(), stage.euro.address);
    let call = instruction::price_range_register(authority, &OTHER_CLASS, euro, RATE_FLOOR, RATE_CEILING);
    Scene::new(stage, call)
}

pub(crate) fn price_range_update(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (authority, usdc) = (stage.world.authority.pubkey(), stage.world.usdc.address);
    let call = instruction::price_range_update(authority, &CLASS, usdc, RATE_FLOOR, RATE_CEILING);
    Scene::new(stage, call)
}

pub(crate) fn device_register(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (owner, node) = (stage.world.provider.owner(), stage.world.node_address());
    let call = instruction::device_register(owner, node, [0xd1; 32]);
    Scene::new(stage, call)
}

/// To a second node of the provider.
pub(crate) fn device_move(tokens: Tokens) -> Scene {
    let mut stage = Stage::full(tokens);
    let world = &mut stage.world;
    let owner = world.provider.owner();
    let second = instruction::node_register(owner, 1, specification());
    world.chain.send(&[second], &[&world.provider.wallet]).succeeds();
    let identity = world.provider.identity(0, 0);
    let call = instruction::device_move(owner, &identity, world.node_address(), world.provider.node(1));
    Scene::new(stage, call)
}

/// By the authority, so that nobody stands twice.
pub(crate) fn device_retire(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let world = &stage.world;
    let (authority, owner) = (world.authority.pubkey(), world.provider.owner());
    let call = instruction::device_retire(authority, owner, world.node_address(), &world.provider.identity(0, 0));
    Scene::new(stage, call)
}
