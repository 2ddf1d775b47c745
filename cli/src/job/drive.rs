//! Takes a job that stands on chain to its end: start, follow, fetch, conclude, account.

use std::{fs::File, time::Duration};

use anyhow::{Context as _, Result};
use gantry_protocol::Metered;
use gantry_sdk::{
    Keypair, address,
    market::state::{Job, JobState, Provider},
    wire::{Exit, StartRequest},
};

use super::{
    conclude,
    follow::{Ending, Followed, time_up},
    guard::Limits,
    logs::Log,
    report::Report,
    session,
};
use crate::{
    agent::{Agent, AgentError, now_ms, patiently},
    archive, bill,
    context::Context,
    failure::{self, Failure, Fate, OfJob},
    progress::Progress,
    state::{JobDirectory, Record},
};

/// How results are retried: they may be packed only after the workload's end.
const RESULTS_PATIENCE: Duration = Duration::from_secs(20);

/// How long the provider may take to settle and close a job that ended well, before the tenant does it.
const HEAD_START: Duration = Duration::from_millis(1_500);

/// How a job is driven.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// Longest silence of the provider that is put up with.
    pub(crate) patience: Duration,
    /// Whether the workload's output is shown.
    pub(crate) shows_output: bool,
    /// Whether the workload is ended at once.
    pub(crate) finishes: bool,
}

/// A job under way, with the right to act for it.
pub(crate) struct Drive<'a> {
    /// The world.
    pub(crate) context: &'a Context,
    /// Pays network fees.
    pub(crate) wallet: &'a Keypair,
    /// The job's files.
    pub(crate) directory: JobDirectory,
    /// The job's record.
    pub(crate) record: Record,
    /// Held while this process acts for the job.
    pub(crate) lock: File,
    /// Where progress is shown.
    pub(crate) progress: &'a Progress,
}

impl Drive<'_> {
    /// Drives the job to its end. Whatever goes wrong on the way, the job can be resumed.
    pub(crate) async fn run(self, manner: Manner) -> Result<Report> {
        let job = self.record.job;
        self.drive(manner).await.map_err(|error| match error.is::<OfJob>() {
            true => error,
            false => error.context(OfJob {
                job,
                fate: Fate::Unfinished,
            }),
        })
    }

    async fn drive(mut self, manner: Manner) -> Result<Report> {
        let address = self.record.job;
        let job: Job = self.context.client.get(&address).await?;
        let agent = self.agent(&job, manner.patience).await?;
        let shown_on = manner.shows_output.then(|| self.context.output.workload_stream());
        let log = Log::new(self.progress, shown_on, 0);
        let (given_up, interrupted) = match self.follow(&agent, &job, manner, &log).await? {
            Ending::Ended { exit, interrupted } => {
                self.record.exit = exit.or(self.record.exit.take());
                (None, interrupted)
            }
            Ending::GivenUp(reason) => (Some(reason), false),
            Ending::Left => return Err(self.left().into()),
        };
        self.directory.save_record(&self.record)?;
        if let Some(reason) = &given_up {
            let next = match self.record.start_requested_at_ms {
                Some(_) => "the job is stopped and closed at the last receipt that both sides signed",
                None => "the job is cancelled after its start deadline, and the whole escrow goes back",
            };
            self.progress.say(format!("the provider is given up: {reason}; {next}"));
        }
        self.progress.doing("Closing the job");
        // An honest provider closes too, and at its own cost; who is known to fail is not waited for.
        let head_start = if given_up.is_some() { Duration::ZERO } else { HEAD_START };
        let newest = self.directory.receipt()?;
        let client = &self.context.client;
        let concluding = conclude::conclude(client, self.wallet, address, newest.as_ref(), head_start, self.progress);
        let (fetched, concluded) = tokio::select! {
            both = async { tokio::join!(self.fetch(&agent, given_up.is_some()), concluding) } => both,
            _ = tokio::signal::ctrl_c() => return Err(self.left().into()),
        };
        let job = concluded?;
        let closed = OfJob {
            job: address,
            fate: Fate::Closed,
        };
        self.record.results_fetched |= matches!(fetched, Ok(true));
        self.directory.save_record(&self.record).context(closed)?;
        let shown = async {
            if given_up.is_none() {
                log.finish(&agent).await;
            }
            self.progress.all_shown().await;
        };
        tokio::select! {
            () = shown => {}
            _ = tokio::signal::ctrl_c() => self.progress.leave(),
        }
        let bill = bill::from_chain(self.context, &address).await.context(closed)?;
        drop(self.lock);
        let rented = Metered::from_seconds(u64::from(job.max_duration_s)).unwrap_or_default();
        let time_up = self
            .record
            .exit
            .as_ref()
            .is_some_and(|exit| time_up(exit, job.metered_ms, rented.0));
        let out = self.record.out.filter(|_| self.record.results_fetched);
        Ok(Report {
            bill,
            exit: self.record.exit,
            out: out.map(|out| out.display().to_string()),
            given_up,
            results_lost: fetched.err(),
            interrupted,
            time_up,
            lost: Vec::new(),
        })
    }

    fn left(&self) -> Failure {
        self.progress.leave();
        Failure::Interrupted("interrupted".into())
    }

    /// The agent under the key and at the place that stand on chain now.
    async fn agent(&self, job: &Job, patience: Duration) -> Result<Agent> {
        let provider: Provider = self.context.client.get(&address::provider(&job.provider)).await?;
        let session_key = session::present(&self.directory, &self.record, job)?;
        Agent::new(
            provider.endpoint(),
            provider.tls_key_hash,
            self.record.job,
            &session_key,
            patience,
        )
    }

    /// Starts the job if that was not done yet, and follows it.
    async fn follow(&mut self, agent: &Agent, job: &Job, manner: Manner, log: &Log<'_>) -> Result<Ending> {
        let known = |exit: Option<Exit>| Ending::Ended {
            exit,
            interrupted: false,
        };
        match job.state() {
            Some(JobState::Closed | JobState::Cancelled) => {
                return Ok(known(agent.status().await.ok().and_then(|status| status.exit)));
            }
            // Nothing runs and nothing is owed: the agent may cancel at once, anyone may after the deadline.
            Some(JobState::Open) if manner.finishes => {
                if let Err(error) = agent.finish().await {
                    tracing::debug!(%error, "the job is cancelled after its start deadline");
                }
                return Ok(known(None));
            }
            Some(JobState::Open) => {
                let started = tokio::select! {
                    started = self.start(agent, manner.patience) => started,
                    _ = tokio::signal::ctrl_c() => return Ok(Ending::Left),
                };
                if let Err(error) = started {
                    return Ok(Ending::GivenUp(error.to_string()));
                }
            }
            _ => {}
        }
        self.progress.doing("Running");
        let limits = Limits::new(self.record.ended_ms);
        let followed = Followed {
            client: &self.context.client,
            agent,
            directory: &self.directory,
            record: &self.record,
            job,
            patience: manner.patience,
            progress: self.progress,
            log,
            limits: &limits,
        };
        let ending = followed.run(manner.finishes).await;
        self.record.ended_ms = limits.ended_ms();
        Ok(ending)
    }

    /// Sends the bundle and asks for the start. Both are safe to repeat.
    async fn start(&mut self, agent: &Agent, patience: Duration) -> Result<(), AgentError> {
        if self.record.has_bundle {
            self.progress
                .doing(format!("sending the bundle to {}", agent.endpoint()));
            let bundle = self.directory.bundle();
            patiently(patience, async || agent.upload(&bundle).await).await?;
        }
        if self.record.start_requested_at_ms.is_none() {
            self.record.start_requested_at_ms = Some(now_ms());
            self.directory
                .save_record(&self.record)
                .map_err(|error| AgentError::Malformed(format!("{error:#}")))?;
        }
        self.progress.doing("starting the workload");
        let request = StartRequest {
            command: self.record.command.clone(),
            environment: self.record.environment.clone(),
        };
        patiently(patience, async || agent.start(&request).await).await
    }

    /// Fetches the results; `false` when there are none to fetch, and why not when that fails.
    async fn fetch(&self, agent: &Agent, given_up: bool) -> Result<bool, String> {
        let Some(out) = self
            .record
            .out
            .as_ref()
            .filter(|_| !given_up && !self.record.results_fetched && self.record.start_requested_at_ms.is_some())
        else {
            return Ok(false);
        };
        let in_words = |error: anyhow::Error| failure::in_words(&error);
        let archive = tempfile::NamedTempFile::new()
            .context("cannot make a temporary file")
            .map_err(in_words)?;
        patiently(RESULTS_PATIENCE, async || agent.results(archive.path()).await)
            .await
            .map_err(|error| error.to_string())?;
        let unpacked = archive::unpack(archive.path(), out).map_err(in_words)?;
        tracing::debug!(files = unpacked.files.len(), "fetched the results");
        for name in unpacked.left_out {
            self.progress.say(format!(
                "warning: {} is neither a file nor a directory and was left out",
                name.display()
            ));
        }
        Ok(true)
    }
}
