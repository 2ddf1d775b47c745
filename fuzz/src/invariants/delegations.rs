//! Delegated stake.

use gantry_sdk::staking::state::{Delegation, Stake};

use super::{Held, Invariant, Scene, holds, pairs};
use crate::{
    action::Action,
    book::{DelegationId, Place},
    cast::Key,
};

/// Virtual shares of a pool.
const VIRTUAL: u128 = 1_000_000;
/// Seven days in seconds.
const NOTICE_S: i64 = 604_800;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(70, "a stake's delegations own all its delegated shares", owned),
    Invariant::new(
        71,
        "only a slash lessens what a delegated share is worth, and only a reward raises it, but for rounding",
        prices,
    ),
    Invariant::new(72, "what delegators have asked back never gains", leaving),
    Invariant::new(
        73,
        "only the delegator gives up shares, and no request leaves its queue before its time",
        delegators,
    ),
    Invariant::new(74, "delegated stake leaves to its delegator alone", destination),
    Invariant::new(
        75,
        "a commission is at most half, and rises only to what was announced, seven days before or more",
        commission,
    ),
    Invariant::new(
        76,
        "a delegation belongs to one delegator and one stake for good",
        identity,
    ),
];

fn owned(scene: &Scene) -> Held {
    for (owner, stake) in &scene.after.stakes {
        let delegations = scene.after.delegations.iter();
        let of_it: Vec<_> = delegations.filter(|((of, _), _)| of == owner).collect();
        let earning: u128 = of_it.iter().map(|(_, of)| u128::from(of.shares)).sum();
        let queues = of_it.iter().flat_map(|(_, of)| &of.unbondings);
        let leaving: u128 = queues.map(|request| u128::from(request.shares)).sum();
        let is_all =
            earning == u128::from(stake.delegated_shares) && leaving == u128::from(stake.delegated_unbonding_shares);
        holds(is_all, || {
            format!("stake {owner}: {earning} and {leaving} shares, {stake:?}")
        })?;
    }
    Ok(())
}

/// Base units per share as a fraction.
fn price(assets: u64, shares: u64) -> (u128, u128) {
    let (assets, shares) = (u128::from(assets), u128::from(shares));
    if assets < shares {
        (assets, shares)
    } else {
        (assets + VIRTUAL, shares + VIRTUAL)
    }
}

/// Whether a step from one state of a pool to another was allowed to change its price so.
fn is_fair(scene: &Scene, old: (u64, u64), new: (u64, u64)) -> bool {
    if old == new || old.1 == 0 || new.1 == 0 {
        return true;
    }
    let ((old_assets, old_shares), (new_assets, new_shares)) = (price(old.0, old.1), price(new.0, new.1));
    let (before, after) = (old_assets * new_shares, new_assets * old_shares);
    // Rounding leaves those who stay less than one base unit and one share's worth, all of them together.
    let gain = after.saturating_sub(before).checked_mul(u128::from(new.1));
    let is_rounding = gain.is_some_and(|gain| gain <= (old_assets + old_shares) * new_shares);
    match scene.action {
        Action::FaultProve(_) | Action::FaultProveSample(_) => after <= before,
        Action::RewardAdd(_) => after >= before,
        _ => after >= before && is_rounding,
    }
}

fn prices(scene: &Scene) -> Held {
    for (owner, old, new) in pairs(&scene.before.stakes, &scene.after.stakes) {
        let earning = |stake: &Stake| (stake.delegated, stake.delegated_shares);
        let leaving = |stake: &Stake| (stake.delegated_unbonding, stake.delegated_unbonding_shares);
        let are_fair = is_fair(scene, earning(old), earning(new)) && is_fair(scene, leaving(old), leaving(new));
        holds(are_fair, || {
            format!("stake {owner}, {:?}:\n  {old:?}\n  {new:?}", scene.action)
        })?;
    }
    Ok(())
}

fn leaving(scene: &Scene) -> Held {
    for (owner, stake) in &scene.after.stakes {
        let has_not_gained = stake.delegated_unbonding <= stake.delegated_unbonding_shares;
        holds(has_not_gained, || format!("stake {owner}: {stake:?}"))?;
    }
    Ok(())
}

fn every(scene: &Scene, is_true: impl Fn(DelegationId, &Delegation, &Delegation) -> bool) -> Held {
    for (id, old, new) in pairs(&scene.before.delegations, &scene.after.delegations) {
        holds(old == new || is_true(*id, old, new), || {
            format!("delegation {id:?}, {:?}:\n  {old:?}\n  {new:?}", scene.action)
        })?;
    }
    Ok(())
}

fn delegators(scene: &Scene) -> Held {
    every(scene, |id, old, new| {
        let own_key = Key::Wallet(id.1);
        let gives_up = new.shares < old.shares;
        let is_given = matches!(scene.action, Action::DelegationUnbond(unbond) if unbond.signer == own_key);
        let mut places = old.unbondings.iter().zip(&new.unbondings);
        let is_in_time = places.all(|(old, new)| {
            old == new
                || match scene.action {
                    Action::DelegationUnbond(_) => {
                        old.shares == 0
                            && new.withdrawable_at == scene.now + i64::from(scene.before.pool.unbonding_period_s)
                    }
                    Action::DelegationCancel(cancel) => new.shares == 0 && cancel.signer == own_key,
                    Action::DelegationWithdraw(_) => new.shares == 0 && old.withdrawable_at <= scene.now,
                    _ => false,
                }
        });
        (!gives_up || is_given) && is_in_time
    })
}

fn destination(scene: &Scene) -> Held {
    let Action::DelegationWithdraw(withdraw) = scene.action else {
        return Ok(());
    };
    let mut purses = scene.before.purses.iter().zip(&scene.after.purses).enumerate();
    let is_delegators = purses.all(|(actor, (old, new))| old == new || actor == usize::from(withdraw.delegation.1));
    holds(is_delegators, || format!("{withdraw:?}"))
}

fn commission(scene: &Scene) -> Held {
    for (owner, stake) in &scene.after.stakes {
        holds(
            stake.next_commission_bps <= 5_000 && stake.commission_bps <= 5_000,
            || format!("stake {owner}: {stake:?}"),
        )?;
    }
    for (owner, old, new) in pairs(&scene.before.stakes, &scene.after.stakes) {
        let is_due = old.commission_from != 0 && old.commission_from <= scene.now;
        let may_rise = is_due && new.commission_bps <= old.next_commission_bps;
        let is_announced = new.commission_from != 0 && new.commission_from != old.commission_from;
        let is_fair = (new.commission_bps <= old.commission_bps || may_rise)
            && (!is_announced || new.commission_from >= scene.now + NOTICE_S);
        holds(is_fair, || format!("stake {owner}:\n  {old:?}\n  {new:?}"))?;
    }
    Ok(())
}

fn identity(scene: &Scene) -> Held {
    for (id, delegation) in &scene.after.delegations {
        let is_its_own = delegation.stake == scene.book.at(Place::Stake(id.0))
            && delegation.delegator == scene.book.wallet(id.1)
            && delegation.padding == [0; 7];
        holds(is_its_own, || format!("delegation {id:?}: {delegation:?}"))?;
    }
    Ok(())
}
