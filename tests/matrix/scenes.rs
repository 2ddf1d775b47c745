//! The scenes of configuration, providers, nodes and balances. Those of jobs, of fees and of the stake stand beside.

use gantry_sdk::{Signer, instruction::market as instruction};
use gantry_tests::parties::{CLASS, GENESIS_HASH, RATE, market_parameters, profile, specification};

use crate::{
    claim_scenes as claim, class_scenes as class, delegation_scenes as delegation, fee_scenes as fee,
    job_scenes as job, order_scenes as order, record_scenes as record,
    scene::Scene,
    stage::{Stage, Tokens, token_account},
    staking_scenes as staking, withdrawal_scenes as withdrawal,
};

/// What makes a scene.
type Make = fn(Tokens) -> Scene;

/// The scene of every instruction.
const SCENES: &[(&str, Make)] = &[
    ("balance_deposit", balance_deposit),
    ("balance_open", balance_open),
    ("balance_withdraw", balance_withdraw),
    ("bid_drop", order::bid_drop),
    ("bid_place", order::bid_place),
    ("bid_refund", order::bid_refund),
    ("bid_withdraw", order::bid_withdraw),
    ("claim_open", claim::open),
    ("claim_refute", claim::refute),
    ("claim_settle", claim::settle),
    ("class_register", class::register),
    ("class_update", class::update),
    ("commission_set", delegation::commission_set),
    ("config_initialize", config_initialize),
    ("config_update", config_update),
    ("fault_prove", claim::fault_prove),
    ("fault_prove_sample", claim::fault_prove_sample),
    ("delegation_cancel", delegation::cancel),
    ("delegation_deposit", delegation::deposit),
    ("delegation_open", delegation::open),
    ("delegation_unbond", delegation::unbond),
    ("delegation_withdraw", delegation::withdraw),
    ("device_move", class::device_move),
    ("device_register", class::device_register),
    ("device_retire", class::device_retire),
    ("fee_shard_open", fee::shard_open),
    ("fees_sweep", fee::sweep),
    ("job_cancel", job::cancel),
    ("job_close", job::close),
    ("job_exit", job::exit),
    ("job_extend", job::extend),
    ("job_failover", job::failover),
    ("job_open", job::open),
    ("job_rekey", job::rekey),
    ("job_settle", job::settle),
    ("job_start", job::start),
    ("job_stop", job::stop),
    ("mint_cap_set", withdrawal::cap_set),
    ("mint_reference_set", record::mint_reference_set),
    ("mint_register", mint_register),
    ("mint_update", mint_update),
    ("node_heartbeat", node_heartbeat),
    ("node_price_set", node_price_set),
    ("node_register", node_register),
    ("node_update", node_update),
    ("order_accept", order::accept),
    ("order_cancel", order::cancel),
    ("order_expire", order::expire),
    ("order_open", order::open),
    ("price_range_register", class::price_range_register),
    ("price_range_update", class::price_range_update),
    ("provider_register", provider_register),
    ("provider_update", provider_update),
    ("pool_configure", staking::pool_configure),
    ("pool_initialize", staking::pool_initialize),
    ("reward_add", delegation::reward_add),
    ("session_rotate", job::session_rotate),
    ("stake_deposit", staking::deposit),
    ("stake_open", staking::open),
    ("tenant_open", record::tenant_open),
    ("stake_release", staking::release),
    ("stake_reserve", staking::reserve),
    ("stake_slash", staking::slash),
    ("unbonding_cancel", staking::unbonding_cancel),
    ("unbonding_request", staking::unbonding_request),
    ("unbonding_withdraw", staking::unbonding_withdraw),
    ("withdrawal_cancel", withdrawal::cancel),
    ("withdrawal_pay", withdrawal::pay),
    ("withdrawal_request", withdrawal::request),
];

/// The scene of this instruction.
///
/// # Panics
/// When it has none.
pub(crate) fn of(instruction: &str, tokens: Tokens) -> Scene {
    let scene = SCENES.iter().find(|(name, _)| *name == instruction);
    let (_, make) = scene.unwrap_or_else(|| panic!("{instruction} has no scene"));
    make(tokens)
}

fn config_initialize(tokens: Tokens) -> Scene {
    let stage = Stage::unconfigured(tokens);
    let args = market_parameters(stage.world.authority.pubkey());
    let call = instruction::config_initialize(stage.world.deployer.pubkey(), GENESIS_HASH, args);
    Scene::new(stage, call)
}

fn config_update(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let authority = stage.world.authority.pubkey();
    Scene::new(
        stage,
        instruction::config_update(authority, market_parameters(authority)),
    )
}

fn mint_register(tokens: Tokens) -> Scene {
    let mut stage = Stage::full(tokens);
    let yen = (tokens.mint())(&mut stage.world.chain, 0);
    let authority = stage.world.authority.pubkey();
    let call = instruction::mint_register(authority, yen.address, yen.token_program);
    Scene::new(stage, call)
}

fn mint_update(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (authority, usdc) = (stage.world.authority.pubkey(), stage.world.usdc.address);
    Scene::new(stage, instruction::mint_update(authority, usdc, true))
}

fn provider_register(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    // The guest, who only rents so far.
    let args = profile(stage.guest.session.pubkey(), "https://guest.example");
    let call = instruction::provider_register(stage.guest.owner(), args);
    Scene::new(stage, call)
}

fn provider_update(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let provider = &stage.world.provider;
    let call = instruction::provider_update(provider.owner(), provider.profile());
    Scene::new(stage, call)
}

fn node_register(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let call = instruction::node_register(stage.world.provider.owner(), 1, specification());
    Scene::new(stage, call)
}

fn node_update(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (owner, node) = (stage.world.provider.owner(), stage.world.node_address());
    Scene::new(stage, instruction::node_update(owner, node, 1, 60, true))
}

fn node_price_set(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let world = &stage.world;
    let call = instruction::node_price_set(
        world.provider.owner(),
        world.node_address(),
        &CLASS,
        world.usdc.address,
        RATE + 1,
    );
    Scene::new(stage, call)
}

fn node_heartbeat(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let provider = &stage.world.provider;
    let call = instruction::node_heartbeat(provider.attestation.pubkey(), provider.account(), provider.node(0));
    Scene::new(stage, call)
}

fn balance_open(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    // The rival, who has no euros so far.
    let call = instruction::balance_open(stage.world.deployer.pubkey(), stage.rival.owner(), stage.euro.address);
    Scene::new(stage, call)
}

fn balance_deposit(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (tenant, usdc) = (stage.world.tenant.owner(), &stage.world.usdc);
    let source = token_account(&tenant, usdc);
    let call = instruction::balance_deposit(tenant, usdc.address, source, usdc.token_program, 100);
    Scene::new(stage, call)
}

fn balance_withdraw(tokens: Tokens) -> Scene {
    let stage = Stage::full(tokens);
    let (tenant, usdc) = (stage.world.tenant.owner(), &stage.world.usdc);
    let destination = token_account(&tenant, usdc);
    let call = instruction::balance_withdraw(tenant, usdc.address, destination, usdc.token_program, 100);
    Scene::new(stage, call)
}
