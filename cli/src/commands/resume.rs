//! `gantry resume`: goes on with a job whose `run` was killed.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use gantry_sdk::market::state::Job;

use super::run::conclude;
use crate::{
    agent::now_ms,
    arguments::ResumeArguments,
    context::Context,
    failure::Failure,
    job::drive::{Drive, Manner},
};

/// How long a transaction that was sent may still take effect: a blockhash lives about a minute and a half.
const IN_FLIGHT_MS: i64 = 120_000;

/// Goes on.
pub(crate) async fn run(context: &Context, arguments: &ResumeArguments) -> Result<ExitCode> {
    let patience = Duration::from_secs(u64::from(arguments.provider_timeout));
    let job = context.store.resolve(&arguments.job)?;
    let directory = context.store.job(&job);
    let record = directory.record()?;
    let wallet = context.wallet()?;
    let Some(lock) = directory.lock()? else {
        return Err(Failure::Usage(format!("another process follows job {job} already")).into());
    };
    if context.client.find::<Job>(&job).await?.is_none() {
        if now_ms().saturating_sub(record.created_at_ms) < IN_FLIGHT_MS {
            return Err(Failure::Unreachable(format!(
                "job {job} is not on chain, but its opening may still be on the way; try again in two minutes"
            ))
            .into());
        }
        directory.remove()?;
        return Err(Failure::Refused(format!("job {job} was never opened; nothing was set aside for it")).into());
    }
    let progress = context.output.progress("Going on");
    progress.say(format!("going on with job {job}"));
    let drive = Drive {
        context,
        wallet: &wallet,
        directory,
        record,
        lock,
        progress: &progress,
    };
    let report = drive
        .run(Manner {
            patience,
            shows_output: true,
            finishes: false,
        })
        .await?;
    conclude(context, &report)
}
