//! `gantry resume`: goes on with a job whose `run` was killed.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use gantry_sdk::{
    Pubkey,
    market::state::{Job, Order, OrderState},
};

use super::run::conclude;
use crate::{
    agent::now_ms,
    arguments::ResumeArguments,
    context::Context,
    failure::Failure,
    job::{
        drive::{Drive, Manner},
        failover,
        post::adopt,
    },
    state::Record,
};

/// How long an opening that was begun may still take effect: it is signed up to three times, and each signature's blockhash may live
/// for a minute and a half on a slow chain. The session key of a job that takes effect later would be lost, so twice that.
const IN_FLIGHT_MS: i64 = 2 * 3 * 90_000;

/// Goes on.
pub(crate) async fn run(context: &Context, arguments: &ResumeArguments) -> Result<ExitCode> {
    let patience = Duration::from_secs(u64::from(arguments.provider_timeout));
    let named = context.store.resolve(&arguments.job)?;
    let (job, record) = failover::standing(context, named).await?;
    let directory = context.store.job(&job);
    let wallet = context.wallet()?;
    let Some(lock) = directory.lock()? else {
        return Err(Failure::Usage(format!("another process follows job {job} already")).into());
    };
    let opened = context.client.find::<Job>(&job).await?;
    if let (None, Some(order)) = (&opened, record.order) {
        require_no_order(context, order).await?;
    }
    let Some(opened) = opened else {
        if let Some(minutes) = minutes_in_flight(&record, now_ms()) {
            return Err(Failure::Unreachable(format!(
                "job {job} is not on chain, but its opening may still be on the way; try again in {minutes} min"
            ))
            .into());
        }
        directory.remove()?;
        return Err(Failure::Refused(format!("job {job} was never opened; nothing is set aside for it")).into());
    };
    let record = adopt(&directory, record, &opened)?;
    let progress = context.output.progress("Going on");
    match job == named {
        true => progress.say(format!("going on with job {job}")),
        false => progress.say(format!("going on with job {job}, where the work of job {named} is now")),
    }
    let drive = Drive {
        context,
        wallet: &wallet,
        directory,
        record,
        lock,
        progress: &progress,
    };
    let manner = Manner {
        patience,
        shows_output: true,
        finishes: false,
    };
    let report = failover::drive(drive, manner).await?;
    conclude(context, &report)
}

/// Refuses while a bid for the job's order can still be accepted.
async fn require_no_order(context: &Context, address: Pubkey) -> Result<()> {
    let order = context.client.find::<Order>(&address).await?;
    if order.is_some_and(|order| order.state() == Some(OrderState::Open)) {
        return Err(Failure::Refused(format!(
            "no bid for order {address} has been accepted yet; look at them with `gantry order bids {address}`, and accept one with \
             `gantry order accept {address}`"
        ))
        .into());
    }
    Ok(())
}

/// How many minutes, rounded up, the job may still appear on chain; `None` when it no longer can.
fn minutes_in_flight(record: &Record, now_ms: i64) -> Option<i64> {
    let left_ms = record.created_at_ms.saturating_add(IN_FLIGHT_MS).saturating_sub(now_ms);
    (left_ms > 0).then(|| left_ms.saturating_add(59_999) / 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::record_for_tests;

    #[test]
    fn the_key_of_a_job_that_may_still_be_opened_is_kept_for_longer_than_three_blockhashes_live() {
        let record = record_for_tests(1_000);
        assert_eq!(minutes_in_flight(&record, 1_000), Some(9));
        assert_eq!(minutes_in_flight(&record, 1_000 + 3 * 90_000), Some(5));
        assert_eq!(minutes_in_flight(&record, 1_000 + IN_FLIGHT_MS - 1), Some(1));
        assert_eq!(minutes_in_flight(&record, 1_000 + IN_FLIGHT_MS), None);
    }
}
