//! What is true of every job by itself.

use gantry_sdk::{Pubkey, market::state::Job};

use super::{Held, Invariant, Scene, holds, pairs};
use crate::action::Action;

pub(super) const OPEN: u8 = 1;
pub(super) const RUNNING: u8 = 2;
pub(super) const STOPPED: u8 = 3;
pub(super) const CLOSED: u8 = 4;
pub(super) const CANCELLED: u8 = 5;

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant::new(10, "owed is paid plus fee", split),
    Invariant::new(11, "owed plus refund is at most the escrow", covered),
    Invariant::new(
        12,
        "owed is the rate times the metered time, rounded down, however it was settled",
        path_independent,
    ),
    Invariant::new(13, "the fee is its part of owed, rounded down", fee),
    Invariant::new(
        14,
        "the escrow is what the longest metered time costs, and not nothing",
        escrow,
    ),
    Invariant::new(15, "metered time is at most the rented time", rented),
    Invariant::new(
        16,
        "metered time is at most the time since the start and until an exit, when it grows after a stop that until the stop, and one second",
        elapsed,
    ),
    Invariant::new(17, "an ended job's escrow was paid, refunded, or is its fee", ended),
    Invariant::new(18, "a living job has refunded nothing", living),
    Invariant::new(19, "a job's moments fit its state", moments),
    Invariant::new(20, "no job was started after its deadline", started_in_time),
    Invariant::new(
        21,
        "a job without a settled receipt has metered and paid nothing",
        unsettled,
    ),
    Invariant::new(22, "a cancelled job returned its whole escrow", cancelled),
    Invariant::new(23, "a job's flags and state are ones that exist", flags),
    Invariant::new(24, "a job stands at the address of its tenant and number", address),
    Invariant::new(
        25,
        "a job is claimed while a claim of it waits, and only a metered job is",
        claimed,
    ),
    Invariant::new(
        26,
        "what is paid beyond both signatures is at most the grace window",
        beyond_signatures,
    ),
    Invariant::new(
        27,
        "a claim's bond is not nothing, and at most what its time costs",
        claim_bond,
    ),
];

/// When metering ends at the latest, given what ends it otherwise.
pub(super) fn until_exit(job: &Job, otherwise: i64) -> i64 {
    if job.exits_at == 0 {
        return otherwise;
    }
    otherwise.min(job.exits_at)
}

/// Whether it holds GPUs, stake and escrow.
pub(super) const fn is_living(job: &Job) -> bool {
    matches!(job.state, OPEN | RUNNING | STOPPED)
}

fn every(scene: &Scene, is_true: impl Fn(&Job) -> bool) -> Held {
    let broken = scene.after.jobs.iter().find(|(_, job)| !is_true(job));
    broken.map_or(Ok(()), |(id, job)| Err(format!("job {id:?}: {job:?}")))
}

fn split(scene: &Scene) -> Held {
    every(scene, |job| job.paid.checked_add(job.fee) == Some(job.owed))
}

fn covered(scene: &Scene) -> Held {
    every(scene, |job| {
        u128::from(job.owed) + u128::from(job.refund) <= u128::from(job.escrow)
    })
}

fn path_independent(scene: &Scene) -> Held {
    every(scene, |job| {
        u128::from(job.owed) == u128::from(job.rate) * u128::from(job.metered_ms) / 1_000_000_000
    })
}

fn fee(scene: &Scene) -> Held {
    every(scene, |job| {
        u128::from(job.fee) == u128::from(job.owed) * u128::from(job.fee_bps) / 10_000
    })
}

fn escrow(scene: &Scene) -> Held {
    every(scene, |job| {
        let longest_ms = u128::from(job.max_duration_s) * 1_000;
        job.escrow > 0 && u128::from(job.escrow) == u128::from(job.rate) * longest_ms / 1_000_000_000
    })
}

fn rented(scene: &Scene) -> Held {
    every(scene, |job| job.metered_ms <= u64::from(job.max_duration_s) * 1_000)
}

fn elapsed(scene: &Scene) -> Held {
    let fits = |job: &Job, end: i64| {
        let elapsed_ms = (i128::from(end) - i128::from(job.started_at)).max(0) * 1_000;
        i128::from(job.metered_ms) <= elapsed_ms + 1_000
    };
    every(scene, |job| {
        job.metered_ms == 0 || fits(job, until_exit(job, scene.latest))
    })?;
    for (id, old, new) in pairs(&scene.before.jobs, &scene.after.jobs) {
        // What a claim says was looked at when it was opened.
        let is_claim = matches!(scene.action, Action::ClaimSettle(_));
        let grew = old.stopped_at != 0 && new.metered_ms > old.metered_ms && !is_claim;
        holds(!grew || fits(new, new.stopped_at), || format!("job {id:?}: {new:?}"))?;
    }
    Ok(())
}

fn ended(scene: &Scene) -> Held {
    every(scene, |job| {
        is_living(job) || job.escrow - job.paid - job.refund == job.fee
    })
}

fn living(scene: &Scene) -> Held {
    every(scene, |job| !is_living(job) || (job.refund == 0 && job.ended_at == 0))
}

fn moments(scene: &Scene) -> Held {
    every(scene, |job| {
        let was = |at: i64| at != 0;
        let (started, stopped, ended) = (was(job.started_at), was(job.stopped_at), was(job.ended_at));
        was(job.opened_at)
            && match job.state {
                OPEN => !started && !stopped && !ended,
                RUNNING => started && !stopped && !ended,
                STOPPED => started && stopped && !ended,
                CLOSED => started && ended,
                _ => !started && !stopped && ended,
            }
    })
}

fn started_in_time(scene: &Scene) -> Held {
    every(scene, |job| job.started_at <= job.start_deadline)
}

fn unsettled(scene: &Scene) -> Held {
    every(scene, |job| {
        let is_untouched = job.metered_ms == 0 && job.owed == 0 && job.is_final == 0 && job.samples_root == [0; 32];
        job.sequence > 0 || is_untouched
    })
}

fn cancelled(scene: &Scene) -> Held {
    every(scene, |job| {
        job.state != CANCELLED || (job.refund == job.escrow && job.sequence == 0)
    })
}

fn flags(scene: &Scene) -> Held {
    every(scene, |job| {
        (OPEN..=CANCELLED).contains(&job.state) && job.is_final <= 1 && job.claimed <= 1
    })
}

fn address(scene: &Scene) -> Held {
    for (id, job) in &scene.after.jobs {
        let is_its_own =
            job.tenant == scene.book.wallet(id.0) && job.nonce == id.1 && job.session_key != Pubkey::default();
        holds(is_its_own, || format!("job {id:?}: {job:?}"))?;
    }
    Ok(())
}

fn claimed(scene: &Scene) -> Held {
    for (id, job) in &scene.after.jobs {
        let waits = scene.after.claims.iter().any(|(other, _)| other == id);
        let fits = (job.claimed == 1) == waits && (!waits || matches!(job.state, RUNNING | STOPPED));
        holds(fits, || format!("job {id:?}: {job:?}"))?;
    }
    Ok(())
}

fn beyond_signatures(scene: &Scene) -> Held {
    every(scene, |job| {
        let grace_ms = u64::from(job.grace_window_s) * 1_000;
        job.co_signed_ms <= job.metered_ms && job.metered_ms <= job.co_signed_ms + grace_ms
    })
}

fn claim_bond(scene: &Scene) -> Held {
    for (id, claim) in &scene.after.claims {
        let job = scene
            .after
            .jobs
            .iter()
            .find(|(other, _)| other == id)
            .map(|(_, job)| job);
        let fits = job.is_some_and(|job| {
            let costs = u128::from(job.rate) * u128::from(claim.metered_ms) / 1_000_000_000;
            claim.bond > 0 && u128::from(claim.bond) <= costs && claim.padding == [0; 7]
        });
        holds(fits, || format!("claim of {id:?}: {claim:?}"))?;
    }
    Ok(())
}
