//! Proven faults.

use super::{Held, Invariant, Scene, holds, pairs};
use crate::{action::Action, action::Evidence, book::Place};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(80, "what faults cost is what was slashed", costs),
    Invariant::new(81, "a provider counts its proven faults", counts),
    Invariant::new(
        82,
        "a provider's faults cost a tenth, then three tenths, then all",
        penalties,
    ),
    Invariant::new(83, "the record of a fault stays", records),
    Invariant::new(
        84,
        "a fault names a job of its provider, and is of a kind that exists",
        identity,
    ),
    Invariant::new(
        85,
        "a new fault is proven by receipts that the job's own key signed",
        evidence,
    ),
];

fn costs(scene: &Scene) -> Held {
    for (owner, stake) in &scene.after.stakes {
        let faults = scene
            .after
            .faults
            .iter()
            .filter(|(_, fault)| fault.provider == stake.owner);
        let cost: u128 = faults.map(|(_, fault)| u128::from(fault.slashed)).sum();
        holds(u128::from(stake.slashed) == cost, || {
            format!("stake {owner}: {} and {cost}", stake.slashed)
        })?;
    }
    Ok(())
}

fn counts(scene: &Scene) -> Held {
    for (owner, provider) in &scene.after.providers {
        let proven = scene
            .after
            .faults
            .iter()
            .filter(|(_, fault)| fault.provider == provider.owner)
            .count();
        holds(usize::from(provider.faults) == proven, || {
            format!("provider {owner}: {} and {proven}", provider.faults)
        })?;
    }
    Ok(())
}

fn penalties(scene: &Scene) -> Held {
    for (owner, provider) in &scene.after.providers {
        let faults = scene
            .after
            .faults
            .iter()
            .filter(|(_, fault)| fault.provider == provider.owner);
        let mut penalties: Vec<_> = faults.map(|(_, fault)| fault.penalty_bps).collect();
        penalties.sort_unstable();
        let graduated = [1_000, 3_000].into_iter().chain(std::iter::repeat(10_000));
        let fit = penalties.iter().zip(graduated).all(|(is, must)| *is == must);
        holds(fit, || format!("provider {owner}: {penalties:?}"))?;
    }
    Ok(())
}

fn records(scene: &Scene) -> Held {
    for (id, old, new) in pairs(&scene.before.faults, &scene.after.faults) {
        holds(old == new, || format!("fault {id:?}"))?;
    }
    Ok(())
}

fn identity(scene: &Scene) -> Held {
    for ((job, kind), fault) in &scene.after.faults {
        let of = scene.after.jobs.iter().find(|(id, _)| id == job);
        let is_right = of.is_some_and(|(_, job)| job.provider == fault.provider)
            && fault.job == scene.book.at(Place::Job(*job))
            && fault.kind == *kind
            && matches!(kind, 1..=4);
        holds(is_right, || format!("fault of {job:?}: {fault:?}"))?;
    }
    Ok(())
}

fn evidence(scene: &Scene) -> Held {
    if scene.after.faults.len() == scene.before.faults.len() {
        return Ok(());
    }
    let (of, evidence) = match scene.action {
        Action::FaultProve(prove) => (prove.job, &prove.evidence),
        Action::FaultProveSample(prove) => (prove.job, &prove.evidence),
        other => return Err(format!("{other:?}")),
    };
    let job = scene.before.jobs.iter().find(|(id, _)| *id == of);
    let is_right = match (job, evidence) {
        (Some((id, job)), Evidence::Committed(key, claim, sample)) => {
            let key = scene.book.key(*key);
            let mut nodes = scene.before.nodes.iter();
            let node = nodes.find(|(id, _)| scene.book.at(Place::Node(*id)) == job.node);
            let is_lie = sample.metered_ms > claim.metered_ms
                || sample.gpu >= job.gpus
                || node.is_some_and(|(_, node)| u8::from(sample.is_simulated) != node.simulated);
            is_lie && (key == job.attestation_key || key == job.former_key) && claim.job == *id && !claim.is_foreign
        }
        (Some((id, job)), Evidence::Pair(key, first, second)) => {
            let key = scene.book.key(*key);
            (key == job.attestation_key || key == job.former_key)
                && [first, second]
                    .iter()
                    .all(|claim| claim.job == *id && !claim.is_foreign)
                && first != second
        }
        _ => false,
    };
    holds(is_right, || format!("{:?}", scene.action))
}
