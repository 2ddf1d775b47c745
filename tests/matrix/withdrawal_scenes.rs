//! The scenes of capped mints and of withdrawals that wait.

use gantry_protocol::limits::WITHDRAW_MAX_WAIT_S;
use gantry_sdk::{Signer, address, instruction::withdrawal as instruction};
use market::state::Withdrawal;

use crate::{
    scene::Scene,
    stage::{Stage, Tokens, token_account},
};

pub(crate) fn cap_set(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let call = instruction::mint_cap_set(stage.world.authority.pubkey(), stage.world.usdc.address, 1_000);
    Scene::new(stage, call)
}

pub(crate) fn request(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let call = instruction::withdrawal_request(stage.world.tenant.owner(), stage.world.usdc.address, 0, 100);
    Scene::new(stage, call)
}

/// Tenant and guest have asked for a part of their balances.
fn waiting(tokens: Tokens) -> (Stage, Withdrawal) {
    let mut stage = Stage::full(tokens);
    let usdc = stage.world.usdc.address;
    let (tenant, guest) = (
        stage.world.tenant.wallet.insecure_clone(),
        stage.guest.wallet.insecure_clone(),
    );
    for wallet in [&tenant, &guest] {
        let ask = instruction::withdrawal_request(wallet.pubkey(), usdc, 0, 100);
        stage.world.chain.send(&[ask], &[wallet]).succeeds();
    }
    let balance = address::balance(&tenant.pubkey(), &usdc);
    let waiting = stage.world.chain.get(&address::withdrawal(&balance, 0));
    (stage, waiting)
}

pub(crate) fn cancel(tokens: Tokens) -> Scene {
    let (stage, waiting) = waiting(tokens);
    Scene::new(stage, instruction::withdrawal_cancel(&waiting))
}

pub(crate) fn pay(tokens: Tokens) -> Scene {
    let (mut stage, waiting) = waiting(tokens);
    stage.world.chain.advance(i64::from(WITHDRAW_MAX_WAIT_S));
    let usdc = &stage.world.usdc;
    let destination = token_account(&waiting.owner, usdc);
    let call = instruction::withdrawal_pay(&waiting, destination, usdc.token_program);
    Scene::new(stage, call)
}
