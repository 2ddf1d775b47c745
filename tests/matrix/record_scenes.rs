//! The scenes of records.

use gantry_sdk::{Signer, instruction::market as instruction};
use gantry_tests::parties::REFERENCE_PRICE;

use crate::{
    scene::Scene,
    stage::{Stage, Tokens},
};

pub(crate) fn mint_reference_set(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (authority, usdc) = (stage.world.authority.pubkey(), stage.world.usdc.address);
    Scene::new(
        stage,
        instruction::mint_reference_set(authority, usdc, REFERENCE_PRICE + 1),
    )
}

/// The rival, who has not rented so far.
pub(crate) fn tenant_open(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let call = instruction::tenant_open(stage.world.deployer.pubkey(), stage.rival.owner());
    Scene::new(stage, call)
}
