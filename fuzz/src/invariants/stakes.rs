//! Bonds and the queue.

use gantry_sdk::staking::state::Stake;

use super::{Held, Invariant, Scene, holds, jobs::is_living, pairs};
use crate::{action::Action, cast::Key};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(60, "a stake reserves what the provider's living jobs hold", reserved),
    Invariant::new(
        61,
        "what a job reserves and what an owner asks back was free: active or delegated, and not reserved",
        backed,
    ),
    Invariant::new(
        62,
        "nothing leaves the queue before its time, unless slashed or taken back",
        queue,
    ),
    Invariant::new(
        63,
        "a waiting request keeps its moment, and a free place has none",
        queue_moments,
    ),
    Invariant::new(64, "a request waits one unbonding period", new_requests),
    Invariant::new(65, "only its owner's request or a slash lessens active stake", active),
    Invariant::new(66, "what was slashed only grows, by a proof", slashed),
    Invariant::new(67, "unbonding stake leaves to its owner alone", destination),
    Invariant::new(68, "a stake belongs to one owner for good", owner),
];

fn reserved(scene: &Scene) -> Held {
    for (owner, stake) in &scene.after.stakes {
        let jobs = scene
            .after
            .jobs
            .iter()
            .filter(|(_, job)| is_living(job) && job.provider == stake.owner);
        let held: u128 = jobs.map(|(_, job)| u128::from(job.stake_reserved)).sum();
        holds(u128::from(stake.reserved) == held, || {
            format!("stake {owner} reserves {}, its jobs hold {held}", stake.reserved)
        })?;
    }
    Ok(())
}

fn backed(scene: &Scene) -> Held {
    let is_request = matches!(scene.action, Action::UnbondingRequest(_));
    every(scene, |_, old, new| {
        let backing = u128::from(new.active) + u128::from(new.delegated);
        let takes_free_stake = is_request || new.reserved > old.reserved;
        !takes_free_stake || u128::from(new.reserved) <= backing
    })
}

fn every(scene: &Scene, is_true: impl Fn(u8, &Stake, &Stake) -> bool) -> Held {
    for (owner, old, new) in pairs(&scene.before.stakes, &scene.after.stakes) {
        holds(old == new || is_true(*owner, old, new), || {
            format!("stake {owner}, {:?}:\n  {old:?}\n  {new:?}", scene.action)
        })?;
    }
    Ok(())
}

fn queue(scene: &Scene) -> Held {
    every(scene, |owner, old, new| {
        let mut places = old.unbondings.iter().zip(&new.unbondings);
        places.all(|(old, new)| {
            new.amount >= old.amount
                || match scene.action {
                    Action::FaultProve(_) | Action::FaultProveSample(_) => true,
                    Action::UnbondingCancel(cancel) => cancel.signer == Key::Wallet(owner),
                    Action::UnbondingWithdraw(_) => new.amount == 0 && old.withdrawable_at <= scene.now,
                    _ => false,
                }
        })
    })
}

fn queue_moments(scene: &Scene) -> Held {
    for (owner, stake) in &scene.after.stakes {
        let fit = stake
            .unbondings
            .iter()
            .all(|request| (request.amount == 0) == (request.withdrawable_at == 0));
        holds(fit, || format!("stake {owner}: {stake:?}"))?;
    }
    every(scene, |_, old, new| {
        let mut places = old.unbondings.iter().zip(&new.unbondings);
        places.all(|(old, new)| old.amount == 0 || new.amount == 0 || old.withdrawable_at == new.withdrawable_at)
    })
}

fn new_requests(scene: &Scene) -> Held {
    let ripe_at = scene.now + i64::from(scene.before.pool.unbonding_period_s);
    every(scene, |_, old, new| {
        let mut places = old.unbondings.iter().zip(&new.unbondings);
        places.all(|(old, new)| old.amount > 0 || new.amount == 0 || new.withdrawable_at == ripe_at)
    })
}

fn active(scene: &Scene) -> Held {
    every(scene, |owner, old, new| {
        new.active >= old.active
            || match scene.action {
                Action::UnbondingRequest(request) => request.signer == Key::Wallet(owner),
                Action::FaultProve(_) | Action::FaultProveSample(_) => true,
                _ => false,
            }
    })
}

fn slashed(scene: &Scene) -> Held {
    every(scene, |_, old, new| {
        new.slashed == old.slashed
            || (new.slashed > old.slashed
                && matches!(scene.action, Action::FaultProve(_) | Action::FaultProveSample(_)))
    })
}

fn destination(scene: &Scene) -> Held {
    let Action::UnbondingWithdraw(withdraw) = scene.action else {
        return Ok(());
    };
    let mut purses = scene.before.purses.iter().zip(&scene.after.purses).enumerate();
    let is_owners = purses.all(|(actor, (old, new))| old == new || actor == usize::from(withdraw.stake));
    holds(is_owners, || format!("{withdraw:?}"))
}

fn owner(scene: &Scene) -> Held {
    for (owner, stake) in &scene.after.stakes {
        let is_owners = stake.owner == scene.book.wallet(*owner) && stake.padding == [0; 3];
        holds(is_owners, || format!("stake {owner}: {stake:?}"))?;
    }
    every(scene, |_, old, new| old.opened_at == new.opened_at)
}
