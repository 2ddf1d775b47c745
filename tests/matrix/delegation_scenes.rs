//! The scenes of delegated stake. The tenant delegates to the provider, the guest to the rival.

use gantry_sdk::{Pubkey, Signer, instruction::delegation as instruction};
use gantry_tests::parties::{BOND, UNBONDING_PERIOD_S};

use crate::{
    scene::Scene,
    stage::{Stage, Tokens, token_account},
};

/// Both delegators with tokens left.
fn delegated(tokens: Tokens) -> Stage {
    let mut stage = Stage::full(tokens);
    delegate(&mut stage);
    stage.change_sides();
    delegate(&mut stage);
    stage.change_sides();
    stage
}

/// Half of the tenant's tokens.
fn delegate(stage: &mut Stage) {
    let tenant = stage.world.tenant.wallet.insecure_clone();
    let (wallet, owner, gnt) = (tenant.pubkey(), stage.world.provider.owner(), stage.world.gnt.clone());
    let source = gnt.mint_to(&mut stage.world.chain, &wallet, 2 * BOND);
    let half = [
        instruction::delegation_open(wallet, owner),
        instruction::delegation_deposit(wallet, owner, gnt.address, source, gnt.token_program, BOND),
    ];
    stage.world.chain.send(&half, &[&tenant]).succeeds();
}

/// The delegator, and the provider.
fn parties(stage: &Stage) -> (Pubkey, Pubkey) {
    (stage.world.tenant.owner(), stage.world.provider.owner())
}

/// A tenant who has asked half back.
fn leaving(tokens: Tokens) -> Stage {
    let mut stage = delegated(tokens);
    let (delegator, owner) = parties(&stage);
    let unbond = instruction::delegation_unbond(delegator, owner, BOND / 2);
    let world = &mut stage.world;
    world.chain.send(&[unbond], &[&world.tenant.wallet]).succeeds();
    stage
}

pub(crate) fn open(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (delegator, owner) = parties(&stage);
    Scene::new(stage, instruction::delegation_open(delegator, owner))
}

pub(crate) fn deposit(tokens: Tokens) -> Scene {
    let stage = delegated(tokens);
    let ((delegator, owner), gnt) = (parties(&stage), &stage.world.gnt);
    let source = token_account(&delegator, gnt);
    let call = instruction::delegation_deposit(delegator, owner, gnt.address, source, gnt.token_program, 100);
    Scene::new(stage, call)
}

pub(crate) fn unbond(tokens: Tokens) -> Scene {
    let stage = delegated(tokens);
    let (delegator, owner) = parties(&stage);
    Scene::new(stage, instruction::delegation_unbond(delegator, owner, 100))
}

pub(crate) fn cancel(tokens: Tokens) -> Scene {
    let stage = leaving(tokens);
    let (delegator, owner) = parties(&stage);
    Scene::new(stage, instruction::delegation_cancel(delegator, owner, 0))
}

pub(crate) fn withdraw(tokens: Tokens) -> Scene {
    let mut stage = leaving(tokens);
    stage.world.chain.advance(i64::from(UNBONDING_PERIOD_S));
    let ((delegator, owner), gnt) = (parties(&stage), &stage.world.gnt);
    let destination = token_account(&delegator, gnt);
    let call = instruction::delegation_withdraw(delegator, owner, gnt.address, destination, gnt.token_program);
    Scene::new(stage, call)
}

pub(crate) fn commission_set(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let call = instruction::commission_set(stage.world.provider.owner(), 100);
    Scene::new(stage, call)
}

pub(crate) fn reward_add(tokens: Tokens) -> Scene {
    let stage = delegated(tokens);
    let ((payer, owner), gnt) = (parties(&stage), &stage.world.gnt);
    let source = token_account(&payer, gnt);
    let call = instruction::reward_add(payer, owner, gnt.address, source, gnt.token_program, 100);
    Scene::new(stage, call)
}
