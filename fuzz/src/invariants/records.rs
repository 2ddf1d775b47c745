//! What is known of providers and tenants.

use gantry_sdk::market::state::{Job, Record};

use super::{
    Held, Invariant, Scene, holds,
    jobs::{CANCELLED, CLOSED},
    pairs,
};
use crate::{
    action::{Action, JobCancel, JobClose},
    book::Place,
    view::View,
};

/// A whole job or fault in a record.
const ONE: u128 = 1 << 20;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(140, "nobody has kept more than it promised", kept),
    Invariant::new(
        141,
        "only the end of a job, in its two sides, and a fault change a record",
        causes,
    ),
    Invariant::new(
        142,
        "a record weighs no more fees than its ended jobs have paid away",
        fees,
    ),
    Invariant::new(143, "a record counts no more jobs and faults than there were", counts),
    Invariant::new(
        144,
        "a record's moment never goes back, and is none that the clock has not shown",
        moments,
    ),
    Invariant::new(
        145,
        "whose a tenant's account is stays, and every job's tenant has one",
        tenants,
    ),
    Invariant::new(
        146,
        "what is promised grows by no more than the longest time of a job costs",
        promises,
    ),
];

/// Every record, with the wallet that it is about and whether as a provider.
fn records(view: &View) -> impl Iterator<Item = (gantry_sdk::Pubkey, bool, &Record)> {
    let providers = view.providers.iter().map(|(_, of)| (of.owner, true, &of.record));
    providers.chain(view.tenants.iter().map(|(_, of)| (of.wallet, false, &of.record)))
}

/// Both states of every record that was there before.
fn changes<'a>(scene: &'a Scene<'a>) -> impl Iterator<Item = (bool, gantry_sdk::Pubkey, Record, Record)> + 'a {
    let providers = pairs(&scene.before.providers, &scene.after.providers);
    let tenants = pairs(&scene.before.tenants, &scene.after.tenants);
    providers
        .map(|(_, old, new)| (true, new.owner, old.record, new.record))
        .chain(tenants.map(|(_, old, new)| (false, new.wallet, old.record, new.record)))
}

/// A provider's or a tenant's ended jobs.
fn ended<'a>(view: &'a View, wallet: gantry_sdk::Pubkey, as_provider: bool) -> impl Iterator<Item = &'a Job> {
    let jobs = view.jobs.iter().map(|(_, job)| job);
    jobs.filter(move |job| {
        let side = if as_provider { job.provider } else { job.tenant };
        side == wallet && [CLOSED, CANCELLED].contains(&job.state)
    })
}

fn value(fee: u64, job: &Job) -> u128 {
    u128::from(fee) * u128::from(job.reference_price) / 1_000_000
}

fn kept(scene: &Scene) -> Held {
    for (wallet, _, record) in records(scene.after) {
        holds(record.kept <= record.promised, || format!("{wallet}: {record:?}"))?;
    }
    Ok(())
}

fn causes(scene: &Scene) -> Held {
    for (as_provider, wallet, old, new) in changes(scene) {
        if old == new {
            continue;
        }
        let job = match scene.action {
            Action::JobClose(close) => close.0.job,
            Action::JobCancel(cancel) => cancel.0.job,
            Action::FaultProve(prove) => prove.job,
            _ => return Err(format!("{wallet}: {:?}", scene.action)),
        };
        let job = scene.after.jobs.iter().find(|(id, _)| *id == job);
        let is_fault = matches!(scene.action, Action::FaultProve(_));
        let is_side = job.is_some_and(|(_, job)| {
            if as_provider {
                job.provider == wallet
            } else {
                job.tenant == wallet && !is_fault
            }
        });
        let is_kind = is_fault || new.faults <= old.faults;
        holds(is_side && is_kind, || format!("{wallet}: {:?}", scene.action))?;
    }
    Ok(())
}

fn fees(scene: &Scene) -> Held {
    for (wallet, as_provider, record) in records(scene.after) {
        let paid: u128 = ended(scene.after, wallet, as_provider)
            .map(|job| value(job.fee, job))
            .sum();
        holds(u128::from(record.fees) <= paid, || {
            format!("{wallet} weighs {}, has paid {paid}", record.fees)
        })?;
    }
    Ok(())
}

fn counts(scene: &Scene) -> Held {
    for (wallet, as_provider, record) in records(scene.after) {
        let jobs = ended(scene.after, wallet, as_provider).count() as u128 * ONE;
        let faults = scene.after.faults.iter().filter(|(_, fault)| fault.provider == wallet);
        let faults = if as_provider { faults.count() as u128 * ONE } else { 0 };
        let counted = u128::from(record.completed) + u128::from(record.failed);
        holds(counted <= jobs && u128::from(record.faults) <= faults, || {
            format!("{wallet}: {record:?}")
        })?;
    }
    Ok(())
}

fn moments(scene: &Scene) -> Held {
    for (_, wallet, old, new) in changes(scene) {
        holds(old.as_of <= new.as_of && new.as_of <= scene.latest, || {
            format!("{wallet}: {} became {}", old.as_of, new.as_of)
        })?;
    }
    Ok(())
}

fn tenants(scene: &Scene) -> Held {
    for (wallet, tenant) in &scene.after.tenants {
        holds(tenant.wallet == scene.book.wallet(*wallet), || {
            format!("{wallet}: {tenant:?}")
        })?;
    }
    for ((tenant, nonce), _) in &scene.after.jobs {
        let has_one = scene.after.tenants.iter().any(|(wallet, _)| wallet == tenant);
        holds(has_one, || {
            format!("job {nonce} of {tenant} at {}", scene.book.at(Place::Tenant(*tenant)))
        })?;
    }
    Ok(())
}

fn promises(scene: &Scene) -> Held {
    for (_, wallet, old, new) in changes(scene) {
        let (Action::JobClose(JobClose(ending, _)) | Action::JobCancel(JobCancel(ending))) = scene.action else {
            continue;
        };
        let job = scene.after.jobs.iter().find(|(id, _)| *id == ending.job);
        // A fee of the whole escrow, and what rounding may add.
        let most = job.map_or(0, |(_, job)| {
            let fee = u128::from(job.escrow) * u128::from(job.fee_bps) / 10_000;
            // What was not started counts a minute, which may be longer than was rented.
            let minute = u128::from(job.rate) * 60_000 / 1_000_000_000 * u128::from(job.fee_bps) / 10_000;
            fee.max(minute) * u128::from(job.reference_price) / 1_000_000
        });
        let grown = u128::from(new.promised.saturating_sub(old.promised));
        holds(grown <= most, || format!("{wallet} promises {grown} more, of {most}"))?;
    }
    Ok(())
}
