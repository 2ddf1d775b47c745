//! `gantry ps`: this wallet's jobs on the chain.

use anyhow::Result;
use gantry_sdk::{
    Pubkey, Signer,
    market::state::{Job, JobState},
};
use serde_json::{Value, json};

use crate::{bill::state_name, context::Context, mint::Mints, output::number, period, state::Record, table::Table};

/// Lists them, newest first.
pub(crate) async fn run(context: &Context) -> Result<()> {
    let tenant = context.wallet()?.pubkey();
    let (mints, now) = tokio::try_join!(Mints::load(&context.client), context.client.chain_time())?;
    // The tenant is the account's first field.
    let mut jobs = context.client.all::<Job>(&[(0, tenant.as_ref())]).await?;
    jobs.sort_by_key(|(address, job)| (std::cmp::Reverse(job.opened_at), *address));
    let records = context.store.jobs()?;
    let record_of = |job: &Pubkey| records.iter().find(|record| record.job == *job);

    let mut table = Table::new(&[
        "JOB", "STATE", "#GPUS", "#OPENED", "#METERED", "#OWED", "#ESCROW", "COMMAND",
    ]);
    let mut objects = vec![];
    for (address, job) in &jobs {
        let age_s = now.saturating_sub(job.opened_at).max(0).unsigned_abs();
        let record = record_of(address);
        table.row([
            address.to_string(),
            state(job, now),
            job.gpus.to_string(),
            format!("{} ago", period::show_ms(age_s.saturating_mul(1_000))),
            period::show_ms(job.metered_ms),
            mints.show(&job.mint, job.owed),
            mints.show(&job.mint, job.escrow),
            record.map_or_else(|| "(opened elsewhere)".to_owned(), |record| record.command.join(" ")),
        ]);
        objects.push(object(*address, job, record));
    }
    let text = if jobs.is_empty() {
        format!("The wallet {tenant} has no jobs; open one with `gantry run`.")
    } else {
        table.render()
    };
    context
        .output
        .show(&json!({ "tenant": tenant.to_string(), "jobs": objects }), &text)?;
    Ok(())
}

/// Where the job stands, and when its provider ends it.
fn state(job: &Job, now: i64) -> String {
    let name = state_name(job.state());
    if job.exits_at == 0 || !matches!(job.state(), Some(JobState::Open | JobState::Running)) {
        return name.to_owned();
    }
    format!("{name}, ends {}", period::show_until(job.exits_at, now))
}

fn object(address: Pubkey, job: &Job, record: Option<&Record>) -> Value {
    json!({
        "job": address.to_string(),
        "state": state_name(job.state()),
        "provider": job.provider.to_string(),
        "node": job.node.to_string(),
        "mint": job.mint.to_string(),
        "gpus": job.gpus,
        "rate": number(job.rate),
        "metered_ms": number(job.metered_ms),
        "escrow": number(job.escrow),
        "owed": number(job.owed),
        "paid": number(job.paid),
        "fee": number(job.fee),
        "refund": number(job.refund),
        "receipts": number(job.sequence),
        "opened_at": job.opened_at,
        "started_at": job.started_at,
        "stopped_at": job.stopped_at,
        "ended_at": job.ended_at,
        // Zero when its provider has announced no exit.
        "exits_at": job.exits_at,
        // The job that went on with the rest on another node.
        "successor": (job.successor != Pubkey::default()).then(|| job.successor.to_string()),
        "max_duration_s": job.max_duration_s,
        // Whether this machine holds the session key, and what it ran.
        "opened_here": record.is_some(),
        "command": record.map(|record| record.command.clone()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::scripted_chain::blank;

    #[test]
    fn an_announced_exit_is_shown_while_the_job_lives() {
        let mut job: Job = blank();
        job.state = JobState::Running as u8;
        assert_eq!(state(&job, 100), "running");
        job.exits_at = 1_000;
        assert_eq!(state(&job, 100), "running, ends in 15m");
        assert_eq!(state(&job, 1_001), "running, ends now");
        job.state = JobState::Closed as u8;
        assert_eq!(state(&job, 1_001), "closed");
    }
}
