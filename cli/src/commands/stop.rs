//! `gantry stop`: ends a job, with its provider or without it.

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Result;
use gantry_sdk::{
    Keypair, Pubkey, address,
    market::state::{Job, JobState, Provider},
};

use crate::{
    agent::{Agent, patiently},
    arguments::StopArguments,
    bill,
    context::Context,
    failure::{self, Failure},
    job::{
        conclude,
        drive::{Drive, Manner},
        report::Report,
        session,
    },
    progress::Progress,
    state::Record,
};

/// How often the chain is asked whether the job has ended.
const PAUSE: Duration = Duration::from_millis(500);

/// Ends the job and prints its bill.
pub(crate) async fn run(context: &Context, arguments: &StopArguments) -> Result<ExitCode> {
    let patience = Duration::from_secs(u64::from(arguments.provider_timeout));
    let job = context.store.resolve(&arguments.job)?;
    let wallet = context.wallet()?;
    let progress = context.output.progress("Stopping the job");
    let directory = context.store.job(&job);
    match directory.find_record()? {
        None => without_session_key(context, &wallet, job, &progress).await?,
        Some(record) => {
            // First, so that a process that follows the job does not go on elsewhere.
            directory.note_stop()?;
            match directory.lock()? {
                None => beside_another_process(context, &wallet, &record, patience, &progress).await?,
                Some(lock) => {
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
                            shows_output: false,
                            finishes: true,
                        })
                        .await?;
                    return show(context, &report);
                }
            }
        }
    }
    progress.done();
    let bill = bill::from_chain(context, &job).await?;
    context.output.show(&bill.object(), &bill.text())?;
    Ok(ExitCode::SUCCESS)
}

/// Prints the bill. The job was to end, and has, however its workload did; results that are lost are a failure all the same.
fn show(context: &Context, report: &Report) -> Result<ExitCode> {
    context.output.show(&report.object(), &report.bill.text())?;
    match report.failure() {
        Some(lost @ Failure::ResultsLost(_)) => {
            eprintln!("gantry: {lost}");
            Ok(ExitCode::from(failure::exit_code(&lost.into())))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// The job was opened elsewhere: the wallet alone can stop it, and after the grace window anyone can close it.
async fn without_session_key(context: &Context, wallet: &Keypair, job: Pubkey, progress: &Progress) -> Result<()> {
    progress
        .say("this machine has no session key of the job; it is stopped on chain and closed after the grace window");
    conclude::stop(&context.client, wallet, job).await?;
    conclude::conclude(&context.client, wallet, job, None, Duration::ZERO, progress).await?;
    Ok(())
}

/// A `gantry run` follows the job: it signs the final receipt and closes, once the workload is told to end.
async fn beside_another_process(
    context: &Context,
    wallet: &Keypair,
    record: &Record,
    patience: Duration,
    progress: &Progress,
) -> Result<()> {
    let client = &context.client;
    progress.doing("The workload is told to end; the process that follows the job closes it");
    let job: Job = client.get(&record.job).await?;
    let provider: Provider = client.get(&address::provider(&job.provider)).await?;
    let agent = Agent::new(
        provider.endpoint(),
        provider.tls_key_hash,
        record.job,
        &session::present(&context.store.job(&record.job), record, &job)?,
        patience,
    )?;
    if let Err(error) = patiently(patience, async || agent.finish().await).await {
        progress.say(format!("{error}; the job is stopped on chain instead"));
        conclude::stop(client, wallet, record.job).await?;
    }
    let since = Instant::now();
    while since.elapsed() < patience {
        let job: Job = client.get(&record.job).await?;
        if matches!(job.state(), Some(JobState::Closed | JobState::Cancelled)) {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    // The other process did not close in time; whoever comes first does it now.
    let newest = context.store.job(&record.job).receipt()?;
    conclude::conclude(client, wallet, record.job, newest.as_ref(), Duration::ZERO, progress).await?;
    Ok(())
}
