//! The scenes of the staking program.

use gantry_sdk::{Signer, address, instruction::staking as instruction};
use gantry_tests::parties::{BOND, UNBONDING_PERIOD_S, pool_parameters};
use staking::state::Pool;

use crate::{
    scene::Scene,
    stage::{Stage, Tokens, token_account},
};

pub(crate) fn pool_initialize(tokens: Tokens) -> Scene {
    let stage = Stage::unconfigured(tokens);
    let world = &stage.world;
    let args = pool_parameters(world.authority.pubkey());
    let (mint, token_program) = (world.gnt.address, world.gnt.token_program);
    let call = instruction::pool_initialize(world.deployer.pubkey(), mint, token_program, args);
    Scene::new(stage, call)
}

pub(crate) fn pool_configure(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let authority = stage.world.authority.pubkey();
    Scene::new(
        stage,
        instruction::pool_configure(authority, authority, UNBONDING_PERIOD_S),
    )
}

pub(crate) fn open(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    // The guest, who only rents so far.
    let call = instruction::stake_open(stage.guest.owner());
    Scene::new(stage, call)
}

pub(crate) fn deposit(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (owner, gnt) = (stage.world.provider.owner(), &stage.world.gnt);
    let source = token_account(&owner, gnt);
    let call = instruction::stake_deposit(owner, gnt.address, source, gnt.token_program, 100);
    Scene::new(stage, call)
}

/// With a job of the provider, for which stake is reserved. No key signs for the market's own address, so the deployer's stands for
/// it; and nothing but the market keeps books of what is reserved, so they do not balance after a call that it did not make.
fn in_the_markets_name(tokens: Tokens) -> Stage {
    let mut stage = Stage::full(tokens);
    stage.world.open_job();
    let deployer = stage.world.deployer.pubkey();
    stage
        .world
        .chain
        .alter::<Pool>(&address::pool(), |pool| pool.market_signer = deployer);
    stage
}

pub(crate) fn reserve(tokens: Tokens) -> Scene {
    let stage = in_the_markets_name(tokens);
    let (signer, owner) = (stage.world.deployer.pubkey(), stage.world.provider.owner());
    Scene::new(stage, instruction::stake_reserve(signer, owner, 1)).unreachable()
}

pub(crate) fn release(tokens: Tokens) -> Scene {
    let stage = in_the_markets_name(tokens);
    let (signer, owner) = (stage.world.deployer.pubkey(), stage.world.provider.owner());
    Scene::new(stage, instruction::stake_release(signer, owner, 1)).unreachable()
}

pub(crate) fn unbonding_request(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let call = instruction::unbonding_request(stage.world.provider.owner(), BOND / 2);
    Scene::new(stage, call)
}

pub(crate) fn unbonding_withdraw(tokens: Tokens) -> Scene {
    let mut stage = Stage::full(tokens);
    let (owner, gnt) = (stage.world.provider.owner(), stage.world.gnt.clone());
    let request = instruction::unbonding_request(owner, BOND / 2);
    let world = &mut stage.world;
    world.chain.send(&[request], &[&world.provider.wallet]).succeeds();
    world.chain.advance(i64::from(UNBONDING_PERIOD_S));
    let destination = token_account(&owner, &gnt);
    let call = instruction::unbonding_withdraw(owner, gnt.address, destination, gnt.token_program);
    Scene::new(stage, call)
}

pub(crate) fn unbonding_cancel(tokens: Tokens) -> Scene {
    let mut stage = Stage::full(tokens);
    let owner = stage.world.provider.owner();
    let request = instruction::unbonding_request(owner, BOND / 2);
    let world = &mut stage.world;
    world.chain.send(&[request], &[&world.provider.wallet]).succeeds();
    Scene::new(stage, instruction::unbonding_cancel(owner, 0))
}

pub(crate) fn slash(tokens: Tokens) -> Scene {
    let stage = in_the_markets_name(tokens);
    let (signer, owner, gnt) = (
        stage.world.deployer.pubkey(),
        stage.world.provider.owner(),
        &stage.world.gnt,
    );
    let bounty = token_account(&stage.rival.owner(), gnt);
    let call = instruction::stake_slash(signer, owner, gnt.address, gnt.token_program, bounty, 1_000);
    Scene::new(stage, call).unreachable()
}
