//! What a step may change, and what stays for good.

use gantry_sdk::{Pubkey, market::state::Job};

use super::{
    Held, Invariant, Scene, holds,
    jobs::{CANCELLED, CLOSED, OPEN, RUNNING, STOPPED, is_living, until_exit},
    pairs,
};
use crate::{action::Action, book::Place};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(30, "a refused step changes nothing", refusals),
    Invariant::new(
        31,
        "no account of the programs vanishes, but a claim that was settled or refuted, a withdrawal that was paid or taken back, a device that was retired, and an order that is over and empty",
        vanishing,
    ),
    Invariant::new(
        32,
        "a job goes from open to running to stopped to closed, or from open to cancelled",
        states,
    ),
    Invariant::new(
        33,
        "what a job was opened with stays, but its tenant may rent for longer",
        terms,
    ),
    Invariant::new(34, "sequence, metered time, owed, paid and fee only grow", growth),
    Invariant::new(35, "an ended job stays as it is, but for its successor", record),
    Invariant::new(36, "after the final receipt nothing more is metered", finality),
    Invariant::new(
        37,
        "a job changes its attestation key once, and remembers the former",
        rekeying,
    ),
    Invariant::new(
        38,
        "settling writes the job and one balance, and nothing that other jobs share",
        settling,
    ),
    Invariant::new(
        39,
        "no step writes two jobs, but for one that opens a job's successor",
        one_job,
    ),
    Invariant::new(
        40,
        "a job ends early only by its provider, or once it is final or due",
        early_ends,
    ),
    Invariant::new(41, "a claim that waits stays as it is", waiting),
    Invariant::new(
        42,
        "only its tenant's wallet changes a job's session key, at most once in a grace window, and the job remembers the former",
        session_rotation,
    ),
    Invariant::new(
        43,
        "an announced exit moves later alone, and lies ten minutes ahead whenever it is set",
        exits,
    ),
    Invariant::new(
        44,
        "a job goes on elsewhere once, by its session key, and its successor costs no more than it gave back",
        successors,
    ),
];

fn refusals(scene: &Scene) -> Held {
    holds(scene.succeeded || scene.before == scene.after, || {
        format!("{:?}", scene.action)
    })
}

fn vanishing(scene: &Scene) -> Held {
    let counts = |view: &crate::view::View| {
        [
            view.mints.len(),
            view.providers.len(),
            view.tenants.len(),
            view.nodes.len(),
            view.stakes.len(),
            view.balances.len(),
            view.jobs.len(),
            view.faults.len(),
            view.shards.len(),
            view.delegations.len(),
            view.classes.len(),
            view.ranges.len(),
        ]
    };
    let (before, after) = (counts(scene.before), counts(scene.after));
    let ended = scene.before.claims.len().saturating_sub(scene.after.claims.len());
    let may_end = matches!(scene.action, Action::ClaimSettle(_) | Action::ClaimRefute(_));
    holds(ended <= usize::from(may_end), || {
        format!("{ended} claims: {:?}", scene.action)
    })?;
    let ended = scene
        .before
        .withdrawals
        .len()
        .saturating_sub(scene.after.withdrawals.len());
    let may_end = matches!(scene.action, Action::WithdrawalPay(_) | Action::WithdrawalCancel(_));
    holds(ended <= usize::from(may_end), || {
        format!("{ended} withdrawals: {:?}", scene.action)
    })?;
    let closed = scene.before.orders.len().saturating_sub(scene.after.orders.len());
    let may_close = matches!(
        scene.action,
        Action::OrderCancel(_) | Action::OrderExpire(_) | Action::BidRefund(_)
    );
    holds(closed <= usize::from(may_close), || {
        format!("{closed} orders: {:?}", scene.action)
    })?;
    let retired = scene.before.devices.len().saturating_sub(scene.after.devices.len());
    let may_retire = matches!(scene.action, Action::DeviceRetire(_));
    holds(retired <= usize::from(may_retire), || {
        format!("{retired} devices: {:?}", scene.action)
    })?;
    let has_all = before.iter().zip(after).all(|(before, after)| *before <= after);
    holds(has_all, || format!("{before:?} became {after:?}"))
}

fn every(scene: &Scene, is_true: impl Fn(&Job, &Job) -> bool) -> Held {
    for (id, old, new) in pairs(&scene.before.jobs, &scene.after.jobs) {
        holds(old == new || is_true(old, new), || {
            format!("job {id:?}:\n  {old:?}\n  {new:?}")
        })?;
    }
    Ok(())
}

fn states(scene: &Scene) -> Held {
    let was_there = |id| scene.before.jobs.iter().any(|(other, _)| *other == id);
    let new = scene
        .after
        .jobs
        .iter()
        .find(|(id, job)| job.state != OPEN && !was_there(*id));
    holds(new.is_none(), || format!("a new job that is not open: {new:?}"))?;
    every(scene, |old, new| {
        old.state == new.state
            || matches!(
                (old.state, new.state),
                (OPEN, RUNNING | CANCELLED) | (RUNNING, STOPPED | CLOSED) | (STOPPED, CLOSED)
            )
    })
}

fn terms(scene: &Scene) -> Held {
    let is_extended = matches!(scene.action, Action::JobExtend(_));
    every(scene, |old, new| {
        let mut expected = *new;
        if is_extended && new.max_duration_s > old.max_duration_s && new.escrow >= old.escrow {
            expected.max_duration_s = old.max_duration_s;
            expected.escrow = old.escrow;
        }
        // Everything but these is fixed at the opening.
        expected.session_key = old.session_key;
        expected.former_session_key = old.former_session_key;
        expected.session_rotated_at = old.session_rotated_at;
        expected.exits_at = old.exits_at;
        expected.successor = old.successor;
        expected.attestation_key = old.attestation_key;
        expected.former_key = old.former_key;
        expected.samples_root = old.samples_root;
        expected.owed = old.owed;
        expected.paid = old.paid;
        expected.fee = old.fee;
        expected.refund = old.refund;
        expected.sequence = old.sequence;
        expected.metered_ms = old.metered_ms;
        expected.co_signed_ms = old.co_signed_ms;
        expected.claimed = old.claimed;
        expected.started_at = old.started_at;
        expected.stopped_at = old.stopped_at;
        expected.ended_at = old.ended_at;
        expected.state = old.state;
        expected.is_final = old.is_final;
        expected == *old
    })
}

fn growth(scene: &Scene) -> Held {
    every(scene, |old, new| {
        new.sequence >= old.sequence
            && new.metered_ms >= old.metered_ms
            && new.owed >= old.owed
            && new.paid >= old.paid
            && new.fee >= old.fee
    })
}

fn record(scene: &Scene) -> Held {
    every(scene, |old, new| {
        let mut expected = *new;
        if matches!(scene.action, Action::JobFailover(_)) {
            expected.successor = old.successor;
        }
        is_living(old) || expected == *old
    })
}

fn finality(scene: &Scene) -> Held {
    every(scene, |old, new| {
        old.is_final == 0 || (new.is_final == 1 && new.metered_ms == old.metered_ms)
    })
}

fn rekeying(scene: &Scene) -> Held {
    every(scene, |old, new| {
        let is_same = old.attestation_key == new.attestation_key && old.former_key == new.former_key;
        is_same || (old.former_key == Pubkey::default() && new.former_key == old.attestation_key)
    })
}

fn settling(scene: &Scene) -> Held {
    let Action::JobSettle(settle) = scene.action else {
        return Ok(());
    };
    let mut expected = scene.before.clone();
    for (id, job) in &mut expected.jobs {
        if *id == settle.job {
            let now = scene.after.jobs.iter().find(|(other, _)| other == id);
            *job = now.map_or(*job, |(_, job)| *job);
        }
    }
    for (id, balance) in &mut expected.balances {
        if *id == settle.balance {
            let now = scene.after.balances.iter().find(|(other, _)| other == id);
            *balance = now.map_or(*balance, |(_, balance)| *balance);
        }
    }
    holds(expected == *scene.after, || format!("{settle:?}"))
}

fn one_job(scene: &Scene) -> Held {
    let changed = pairs(&scene.before.jobs, &scene.after.jobs)
        .filter(|(_, old, new)| old != new)
        .count();
    let opened = scene.after.jobs.len() - scene.before.jobs.len();
    // Whoever goes on elsewhere opens one job and names it in another.
    let most = 1 + usize::from(matches!(scene.action, Action::JobFailover(_)));
    holds(changed + opened <= most && opened <= 1, || {
        format!("{changed} changed, {opened} opened: {:?}", scene.action)
    })
}

fn early_ends(scene: &Scene) -> Held {
    let caller = match scene.action {
        Action::JobClose(close) => close.0.caller,
        Action::JobCancel(cancel) => cancel.0.caller,
        _ => return every(scene, |old, new| is_living(old) == is_living(new)),
    };
    let caller = scene.book.key(caller);
    let is_past = |ends_at: i64, job: &Job| scene.now > ends_at + i64::from(job.grace_window_s);
    every(scene, |old, new| {
        let is_due = match (old.state, new.state) {
            (OPEN, CANCELLED) => scene.now > old.start_deadline,
            (RUNNING, CLOSED) => is_past(until_exit(old, old.started_at + i64::from(old.max_duration_s)), old),
            (STOPPED, CLOSED) => is_past(until_exit(old, old.stopped_at), old),
            _ => false,
        };
        is_due || old.is_final == 1 || caller == old.attestation_key
    })
}

fn waiting(scene: &Scene) -> Held {
    for (id, old, new) in pairs(&scene.before.claims, &scene.after.claims) {
        holds(old == new, || format!("claim of {id:?}:\n  {old:?}\n  {new:?}"))?;
    }
    Ok(())
}

fn session_rotation(scene: &Scene) -> Held {
    every(scene, |old, new| {
        let key = |job: &Job| (job.session_key, job.former_session_key, job.session_rotated_at);
        if key(old) == key(new) {
            return true;
        }
        let by_tenant = match scene.action {
            Action::SessionRotate(rotate) => scene.book.key(rotate.signer) == old.tenant,
            _ => false,
        };
        let is_free = old.session_rotated_at == 0 || scene.now > old.session_rotated_at + i64::from(old.grace_window_s);
        let is_remembered = new.former_session_key == old.session_key && new.session_rotated_at == scene.now;
        by_tenant && is_free && is_remembered && new.session_key != Pubkey::default()
    })
}

fn exits(scene: &Scene) -> Held {
    every(scene, |old, new| {
        let is_announced = matches!(scene.action, Action::JobExit(_));
        old.exits_at == new.exits_at || (is_announced && new.exits_at > old.exits_at && new.exits_at >= scene.now + 600)
    })
}

fn successors(scene: &Scene) -> Held {
    every(scene, |old, new| {
        if old.successor == new.successor {
            return true;
        }
        let Action::JobFailover(over) = scene.action else {
            return false;
        };
        let mut jobs = scene.after.jobs.iter();
        let successor = jobs.find(|(id, _)| scene.book.at(Place::Job(*id)) == new.successor);
        successor.is_some_and(|(_, job)| {
            old.successor == Pubkey::default()
                && scene.book.key(over.signer) == old.session_key
                && (job.tenant, job.mint, job.gpus, job.session_key)
                    == (old.tenant, old.mint, old.gpus, old.session_key)
                && job.node != old.node
                && job.rate <= old.rate
                && job.escrow <= old.refund
                && u64::from(job.max_duration_s) * 1_000 + old.metered_ms <= u64::from(old.max_duration_s) * 1_000
        })
    })
}
