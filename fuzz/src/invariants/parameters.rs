//! What governance may set, and who may.

use gantry_sdk::Pubkey;

use super::{Held, Invariant, Scene, holds, pairs};
use crate::action::Action;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(90, "the market's parameters lie inside the protocol's bounds", config),
    Invariant::new(91, "the unbonding period lies between one day and ninety", period),
    Invariant::new(
        92,
        "a mint's range holds a rate, and its vault and token program stay",
        mints,
    ),
    Invariant::new(
        93,
        "only the authority changes the market's parameters and mints",
        market_authority,
    ),
    Invariant::new(
        94,
        "only the pool's authority changes its parameters; mint, vault and market stay",
        pool_authority,
    ),
    Invariant::new(95, "whose a balance is, and of which mint, stays", balances),
];

fn config(scene: &Scene) -> Held {
    let config = &scene.after.config;
    let is_in_bounds = config.authority != Pubkey::default()
        && config.fee_bps <= 2_000
        && (5..=3_600).contains(&config.grace_window_s)
        && (1..=3_600).contains(&config.start_deadline_s)
        && config.heartbeat_max_age_s >= 10
        && config.paused <= 1;
    holds(is_in_bounds, || format!("{config:?}"))
}

fn period(scene: &Scene) -> Held {
    let pool = &scene.after.pool;
    let is_in_bounds = (86_400..=7_776_000).contains(&pool.unbonding_period_s) && pool.authority != Pubkey::default();
    holds(is_in_bounds, || format!("{pool:?}"))
}

fn mints(scene: &Scene) -> Held {
    for (token, mint) in &scene.after.mints {
        let is_range = mint.rate_ceiling > 0 && mint.rate_floor <= mint.rate_ceiling;
        let is_right = mint.mint == scene.book.mint(*token) && mint.token_program == scene.book.token_program(*token);
        holds(is_range && is_right && mint.enabled <= 1, || {
            format!("mint {token}: {mint:?}")
        })?;
    }
    for (token, old, new) in pairs(&scene.before.mints, &scene.after.mints) {
        holds(old.vault == new.vault && old.decimals == new.decimals, || {
            format!("mint {token}")
        })?;
    }
    Ok(())
}

fn market_authority(scene: &Scene) -> Held {
    let is_changed = scene.before.config != scene.after.config || scene.before.mints != scene.after.mints;
    let signer = match scene.action {
        Action::ConfigUpdate(update) => Some(update.signer),
        Action::MintRegister(register) => Some(register.signer),
        Action::MintUpdate(update) => Some(update.signer),
        _ => None,
    };
    let is_authority = signer.is_some_and(|signer| scene.book.key(signer) == scene.before.config.authority);
    holds(!is_changed || is_authority, || format!("{:?}", scene.action))
}

fn pool_authority(scene: &Scene) -> Held {
    let (old, new) = (&scene.before.pool, &scene.after.pool);
    let stays = old.mint == new.mint && old.vault == new.vault && old.market_signer == new.market_signer;
    let is_changed = old.authority != new.authority || old.unbonding_period_s != new.unbonding_period_s;
    let is_authority = match scene.action {
        Action::PoolConfigure(configure) => scene.book.key(configure.signer) == old.authority,
        _ => false,
    };
    holds(stays && (!is_changed || is_authority), || format!("{:?}", scene.action))
}

fn balances(scene: &Scene) -> Held {
    for ((owner, token), balance) in &scene.after.balances {
        let is_right = balance.owner == scene.book.wallet(*owner)
            && balance.mint == scene.book.mint(*token)
            && balance.padding == [0; 7];
        holds(is_right, || format!("balance of {owner} in {token}: {balance:?}"))?;
    }
    Ok(())
}
