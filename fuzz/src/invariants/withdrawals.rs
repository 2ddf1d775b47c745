//! Withdrawals: what a cap lets out, and that nobody waits for longer than a day.

use super::{Held, Invariant, Scene, holds, pairs};
use crate::{action::Action, cast::actors};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(
        130,
        "a withdrawal waits a day from when it was asked for, and stays as it is meanwhile",
        waits,
    ),
    Invariant::new(
        131,
        "a withdrawal that waits leaves to its owner alone, or goes back into its balance",
        leaves,
    ),
    Invariant::new(
        132,
        "what is withdrawn at once was allowed by the mint's cap, and takes as much room",
        capped,
    ),
    Invariant::new(
        133,
        "room never exceeds the cap, and only time and the authority give it",
        room,
    ),
];

/// Seconds of a day.
const DAY_S: i64 = 86_400;
/// Seconds in which a cap comes back.
const WINDOW_S: u128 = 3_600;
/// No cap.
const UNCAPPED: u64 = u64::MAX;

fn waits(scene: &Scene) -> Held {
    for (id, old, new) in pairs(&scene.before.withdrawals, &scene.after.withdrawals) {
        holds(old == new, || format!("withdrawal {id:?}:\n  {old:?}\n  {new:?}"))?;
    }
    for (id, new) in &scene.after.withdrawals {
        let was_there = scene.before.withdrawals.iter().any(|(other, _)| other == id);
        holds(was_there || new.payable_at == scene.now + DAY_S, || {
            format!("withdrawal {id:?}, asked for at {}: {new:?}", scene.now)
        })?;
    }
    Ok(())
}

fn leaves(scene: &Scene) -> Held {
    for (id, old) in &scene.before.withdrawals {
        if scene.after.withdrawals.iter().any(|(other, _)| other == id) {
            continue;
        }
        let ((owner, token), _) = *id;
        let held = |view: &crate::view::View| {
            let mut balances = view.balances.iter();
            let own = balances.find(|(other, _)| *other == id.0);
            own.map_or(0, |(_, balance)| balance.amount)
        };
        let owned = |view: &crate::view::View| view.purses[usize::from(owner)][usize::from(token)];
        let paid = owned(scene.after).checked_sub(owned(scene.before));
        let returned = held(scene.after).checked_sub(held(scene.before));
        let is_right = match scene.action {
            Action::WithdrawalPay(_) => paid == Some(old.amount) && returned == Some(0) && scene.now >= old.payable_at,
            Action::WithdrawalCancel(_) => returned == Some(old.amount) && paid == Some(0),
            _ => false,
        };
        holds(is_right, || format!("withdrawal {id:?}: {:?}", scene.action))?;
    }
    Ok(())
}

/// Room in parts of a base unit, of which the window has as many as seconds.
fn parts(mint: &gantry_sdk::market::state::RegisteredMint) -> u128 {
    u128::from(mint.withdraw_room) * WINDOW_S + u128::from(mint.withdraw_rest)
}

/// The room that there was before the step, counted now.
fn room_now(scene: &Scene, old: &gantry_sdk::market::state::RegisteredMint) -> u128 {
    let elapsed_s = u128::from((scene.now - old.room_at).max(0).unsigned_abs());
    let cap = u128::from(old.withdraw_cap);
    (parts(old) + cap * elapsed_s).min(cap * WINDOW_S)
}

fn capped(scene: &Scene) -> Held {
    let Action::BalanceWithdraw(withdraw) = scene.action else {
        return Ok(());
    };
    if !scene.succeeded {
        return Ok(());
    }
    for (token, old, new) in pairs(&scene.before.mints, &scene.after.mints) {
        if *token != withdraw.token || old.withdraw_cap == UNCAPPED {
            continue;
        }
        let left = room_now(scene, old).checked_sub(u128::from(withdraw.amount) * WINDOW_S);
        holds(left == Some(parts(new)), || {
            format!("mint {token}: {withdraw:?}\n  {old:?}\n  {new:?}")
        })?;
    }
    // Whatever left the vault otherwise left by a withdrawal that had waited or a sweep, which other invariants look at.
    let received = actors().any(|actor| {
        let of = |view: &crate::view::View| view.purses[usize::from(actor)][usize::from(withdraw.token)];
        of(scene.after) > of(scene.before)
    });
    let is_zero_sum = received || withdraw.amount == 0 || !matches!(withdraw.destination, crate::cast::Purse::Of(..));
    holds(is_zero_sum, || format!("{withdraw:?} arrived nowhere"))
}

fn room(scene: &Scene) -> Held {
    for (token, new) in &scene.after.mints {
        let is_in_bounds =
            parts(new) <= u128::from(new.withdraw_cap) * WINDOW_S && u128::from(new.withdraw_rest) < WINDOW_S;
        holds(is_in_bounds, || format!("mint {token}: {new:?}"))?;
    }
    for (token, old, new) in pairs(&scene.before.mints, &scene.after.mints) {
        let is_governed = matches!(scene.action, Action::MintCapSet(_));
        let more = parts(new) > room_now(scene, old);
        // The first cap begins full, and to take a cap away gives all room.
        let may_give = is_governed && (old.withdraw_cap == UNCAPPED || new.withdraw_cap == UNCAPPED);
        holds(!more || may_give, || format!("mint {token}:\n  {old:?}\n  {new:?}"))?;
        holds(old.withdraw_cap == new.withdraw_cap || is_governed, || {
            format!("mint {token}")
        })?;
    }
    Ok(())
}
