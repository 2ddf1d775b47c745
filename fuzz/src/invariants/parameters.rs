//! What governance may set, and who may.

use gantry_sdk::Pubkey;

use super::{Held, Invariant, Scene, holds, pairs};
use crate::{action::Action, book::SHARDS, view::View};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(90, "the market's parameters lie inside the protocol's bounds", config),
    Invariant::new(91, "the unbonding period lies between one day and ninety", period),
    Invariant::new(92, "a mint's vault, decimals and token program stay", mints),
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
    Invariant::new(
        96,
        "a mint counts its fee shards, which are its own and below eight",
        shards,
    ),
    Invariant::new(
        97,
        "no job opens by or with the treasury, or in a mint that lacks a fee shard",
        arms_length,
    ),
];

fn config(scene: &Scene) -> Held {
    let config = &scene.after.config;
    let is_in_bounds = config.authority != Pubkey::default()
        && config.treasury != Pubkey::default()
        && config.fee_bps <= 2_000
        && config.fee_burn_bps <= 10_000
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
        let is_right = mint.mint == scene.book.mint(*token) && mint.token_program == scene.book.token_program(*token);
        holds(is_right && mint.enabled <= 1, || format!("mint {token}: {mint:?}"))?;
    }
    for (token, old, new) in pairs(&scene.before.mints, &scene.after.mints) {
        holds(old.vault == new.vault && old.decimals == new.decimals, || {
            format!("mint {token}")
        })?;
    }
    Ok(())
}

fn market_authority(scene: &Scene) -> Held {
    // Anyone may open a fee shard, which counts it.
    let without_count = |view: &View| {
        let mut mints = view.mints.clone();
        mints.iter_mut().for_each(|(_, mint)| mint.fee_shards = 0);
        mints
    };
    let is_changed =
        scene.before.config != scene.after.config || without_count(scene.before) != without_count(scene.after);
    let signer = match scene.action {
        Action::ConfigUpdate(update) => Some(update.signer),
        Action::MintRegister(register) => Some(register.signer),
        Action::MintUpdate(update) => Some(update.signer),
        Action::MintReferenceSet(set) => Some(set.signer),
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

fn shards(scene: &Scene) -> Held {
    for ((token, number), shard) in &scene.after.shards {
        let is_its_own = shard.mint == scene.book.mint(*token)
            && shard.number == *number
            && *number < SHARDS
            && shard.padding == [0; 6];
        holds(is_its_own, || format!("shard {number} of {token}: {shard:?}"))?;
    }
    for (token, mint) in &scene.after.mints {
        let open = scene.after.shards.iter().filter(|((of, _), _)| of == token).count();
        holds(usize::from(mint.fee_shards) == open, || {
            format!("mint {token} counts {}, has {open}", mint.fee_shards)
        })?;
    }
    Ok(())
}

fn arms_length(scene: &Scene) -> Held {
    if scene.after.jobs.len() == scene.before.jobs.len() {
        return Ok(());
    }
    let treasury = scene.before.config.treasury;
    for (id, job) in &scene.after.jobs {
        if scene.before.jobs.iter().any(|(other, _)| other == id) {
            continue;
        }
        let shards = scene.after.shards.iter().filter(|(_, shard)| shard.mint == job.mint);
        let is_right = job.tenant != treasury && job.provider != treasury && shards.count() == usize::from(SHARDS);
        holds(is_right, || format!("job {id:?}: {job:?}"))?;
    }
    Ok(())
}
