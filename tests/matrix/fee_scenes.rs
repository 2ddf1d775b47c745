//! The scenes of fees.

use gantry_sdk::{
    Signer,
    instruction::{fees as instruction, market as market_instruction},
};

use crate::{
    scene::Scene,
    stage::{Stage, Tokens},
};

/// A mint that was registered but has no shards so far.
pub(crate) fn shard_open(tokens: Tokens) -> Scene {
    let mut stage = Stage::full(tokens);
    let world = &mut stage.world;
    let yen = (tokens.mint())(&mut world.chain, 0);
    let authority = world.authority.pubkey();
    let register = market_instruction::mint_register(authority, yen.address, yen.token_program);
    world.chain.send(&[register], &[&world.authority]).succeeds();
    let call = instruction::fee_shard_open(world.deployer.pubkey(), yen.address, 3);
    Scene::new(stage, call)
}

/// The fee of a job that has closed.
pub(crate) fn sweep(tokens: Tokens) -> Scene {
    let mut stage = Stage::full(tokens);
    let job = stage.world.closed_job();
    let (call, _) = stage.world.sweep_instruction(&job);
    Scene::new(stage, call).about(job)
}
