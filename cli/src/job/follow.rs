//! Follows a running job: its log to the terminal, its receipts signed, until it has ended or its provider is given up.

use std::{
    pin::pin,
    time::{Duration, Instant},
};

use gantry_protocol::Metered;
use gantry_sdk::{
    Signer as _,
    client::Client,
    market::state::{Job, JobState},
    wire::Exit,
};
use tokio::sync::Notify;

use super::{
    cosign::Cosigner,
    guard::{Guard, Limits, Stopwatch},
    logs::Log,
};
use crate::{
    agent::{Agent, now_ms, patiently},
    period,
    progress::Progress,
    state::{JobDirectory, Record},
};

/// How often silence is looked at.
const CHECK: Duration = Duration::from_millis(500);
/// How often the chain is asked whether the job has ended there.
const CHAIN_CHECK: Duration = Duration::from_secs(3);
/// How long the log may take to say that the workload ended once nothing more can be owed.
const LOG_TAIL: Duration = Duration::from_secs(5);

/// How following ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// The final receipt is signed by both, or the job has ended on chain.
    Ended {
        /// How the workload ended, when that is known.
        exit: Option<Exit>,
        /// Whether the user ended it by Ctrl-C.
        interrupted: bool,
    },
    /// The provider is given up, for this reason.
    GivenUp(String),
    /// The user left; the job goes on.
    Left,
}

/// Everything about the job that following needs.
pub(crate) struct Followed<'a> {
    /// The chain.
    pub(crate) client: &'a Client,
    /// The node's agent.
    pub(crate) agent: &'a Agent,
    /// The job's files.
    pub(crate) directory: &'a JobDirectory,
    /// The job's record.
    pub(crate) record: &'a Record,
    /// The job's account.
    pub(crate) job: &'a Job,
    /// Longest silence that is put up with.
    pub(crate) patience: Duration,
    /// Where progress is shown.
    pub(crate) progress: &'a Progress,
    /// The workload's output.
    pub(crate) log: &'a Log<'a>,
    /// What ends the time that is paid for, as far as that is known.
    pub(crate) limits: &'a Limits,
}

impl Followed<'_> {
    /// Follows. `finish` ends the workload at once.
    pub(crate) async fn run(&self, finish: bool) -> Ending {
        let stopwatch = self.stopwatch();
        let asked = Notify::new();
        let mut log = pin!(self.log.follow(self.agent));
        let mut receipts = pin!(self.cosigner(stopwatch).run());
        let mut over_on_chain = pin!(self.until_over());
        let mut finishing = pin!(self.finish_when(&asked));
        let mut check = tokio::time::interval(CHECK);
        let mut seen = Seen::default();
        if finish {
            asked.notify_one();
            seen.end_of_work();
        }
        loop {
            tokio::select! {
                ended = &mut log, if seen.exit.is_none() => match ended {
                    Ok(exit) => {
                        self.limits.end(stopwatch.passed_ms());
                        self.keep(&exit);
                        seen.exit = Some(exit);
                        seen.end_of_work();
                        self.progress.doing("The workload has ended; waiting for the final receipt");
                    }
                    Err(failure) => return Ending::GivenUp(failure.to_string()),
                },
                signed = &mut receipts, if seen.account_closed.is_none() => match signed {
                    Ok(_) => seen.end_of_account(),
                    Err(failure) => return Ending::GivenUp(failure.to_string()),
                },
                sight = &mut over_on_chain, if seen.account_closed.is_none() => match sight {
                    Sight::Over => seen.end_of_account(),
                    Sight::KeyLost => {
                        self.progress.say(
                            "the job's session key was rotated elsewhere; only there the job can be followed from now on",
                        );
                        return Ending::Left;
                    }
                },
                asked_in_vain = &mut finishing, if !seen.is_finishing => match asked_in_vain {
                    Ok(()) => seen.is_finishing = true,
                    Err(reason) => return Ending::GivenUp(reason),
                },
                _ = check.tick() => {
                    if let Some(reason) = self.silence(&seen) {
                        return Ending::GivenUp(reason);
                    }
                },
                interrupted = tokio::signal::ctrl_c() => {
                    if interrupted.is_err() || seen.interrupted {
                        return Ending::Left;
                    }
                    seen.interrupted = true;
                    seen.end_of_work();
                    self.progress.say("stopping the workload; press Ctrl-C again to leave the rest to `gantry resume`");
                    asked.notify_one();
                },
            }
            let Some(closed) = seen.account_closed else { continue };
            // A reader that pauses is waited for after the job is closed.
            if seen.exit.is_none() && !self.log.waits() && closed.elapsed() < LOG_TAIL {
                continue;
            }
            if seen.exit.is_none() {
                seen.exit = self.agent.status().await.ok().and_then(|status| status.exit);
            }
            return Ending::Ended {
                exit: seen.exit,
                interrupted: seen.interrupted,
            };
        }
    }

    /// Why the provider must be given up now, if it must.
    fn silence(&self, seen: &Seen) -> Option<String> {
        if seen.account_closed.is_some() {
            return None;
        }
        let silent_for = self.agent.silent_for();
        if silent_for > self.patience {
            return Some(format!("its agent has been silent for {} s", silent_for.as_secs()));
        }
        let overdue = seen.work_ended.is_some_and(|since| since.elapsed() > self.patience);
        overdue.then(|| "it made no final receipt after the workload's end".to_owned())
    }

    /// Tells the agent to end the workload once that is asked for.
    async fn finish_when(&self, asked: &Notify) -> Result<(), String> {
        asked.notified().await;
        patiently(self.patience, async || self.agent.finish().await)
            .await
            .map_err(|error| error.to_string())
    }

    /// Returns once the job has ended on chain, or is out of our hands; takes note of what ends it before. An endpoint that is away says
    /// nothing.
    async fn until_over(&self) -> Sight {
        let mut told = 0;
        loop {
            let job = self.client.find::<Job>(&self.record.job).await.ok().flatten();
            if let Some(job) = job {
                if matches!(job.state(), Some(JobState::Closed | JobState::Cancelled)) {
                    return Sight::Over;
                }
                self.limits.observe(&job);
                if !self.follow_rotation(&job) {
                    return Sight::KeyLost;
                }
                if job.exits_at > told {
                    told = job.exits_at;
                    self.tell_exit(&job).await;
                }
            }
            tokio::time::sleep(CHAIN_CHECK).await;
        }
    }

    /// Signs with the job's present session key; `false` when this machine does not have it.
    fn follow_rotation(&self, job: &Job) -> bool {
        if self.agent.session_key().pubkey() == job.session_key {
            return true;
        }
        match self.directory.session_key(self.record, &job.session_key) {
            Ok(Some(key)) => {
                self.progress
                    .say("the session key was rotated; going on with the new one");
                self.agent.sign_with(key);
                true
            }
            Ok(None) => false,
            Err(error) => {
                // Looked for again at the next sight of the job.
                self.progress.say(format!("warning: {error:#}"));
                true
            }
        }
    }

    async fn tell_exit(&self, job: &Job) {
        if let Ok(now) = self.client.chain_time().await {
            self.progress.say(format!(
                "the provider ends the job {}; what is not written to $GANTRY_OUT by then is lost",
                period::show_until(job.exits_at, now)
            ));
        }
    }

    /// Writes down that the workload has ended: after a restart, time since then must not be paid for either.
    fn keep(&self, exit: &Exit) {
        let record = Record {
            ended_ms: self.limits.ended_ms(),
            exit: Some(exit.clone()),
            ..self.record.clone()
        };
        if let Err(error) = self.directory.save_record(&record) {
            self.progress.say(format!("warning: {error:#}"));
        }
    }

    fn stopwatch(&self) -> Stopwatch {
        let before_ms = self
            .record
            .start_requested_at_ms
            .map_or(0, |start| now_ms().saturating_sub(start));
        Stopwatch::started(Duration::from_millis(u64::try_from(before_ms).unwrap_or(0)))
    }

    fn cosigner(&self, stopwatch: Stopwatch) -> Cosigner<'_> {
        let signed = self.directory.receipt().ok().flatten();
        let rented = Metered::from_seconds(u64::from(self.job.max_duration_s)).unwrap_or_default();
        Cosigner {
            agent: self.agent,
            client: self.client,
            job: self.record.job,
            attestation_key: self.job.attestation_key,
            directory: self.directory,
            guard: Guard {
                job: self.record.job.to_bytes(),
                genesis_hash: self.job.genesis_hash,
                rented_ms: rented.0,
                signed: signed.map(|signed| (signed.receipt.sequence, signed.receipt.metered_ms)),
            },
            stopwatch,
            limits: self.limits,
            patience: self.patience,
            progress: self.progress,
        }
    }
}

/// What the chain shows of the job's end.
#[derive(Clone, Copy, Debug)]
enum Sight {
    /// It has ended.
    Over,
    /// Its session key is one that this machine does not have.
    KeyLost,
}

/// What has been seen of the end so far.
#[derive(Debug, Default)]
struct Seen {
    exit: Option<Exit>,
    /// When the workload ended or was told to: from here on the final receipt is waited for, and not for ever.
    work_ended: Option<Instant>,
    /// When the final receipt was signed, or the job was found to have ended on chain: nothing more can be owed.
    account_closed: Option<Instant>,
    is_finishing: bool,
    interrupted: bool,
}

impl Seen {
    fn end_of_work(&mut self) {
        self.work_ended.get_or_insert_with(Instant::now);
    }

    fn end_of_account(&mut self) {
        self.account_closed.get_or_insert_with(Instant::now);
    }
}

/// Whether a workload that did not end by itself had used up what was rented.
pub(crate) fn time_up(exit: &Exit, metered_ms: u64, rented_ms: u64) -> bool {
    // The agent stops metering at most one sampling interval before the rent is used up.
    exit.code.is_none() && metered_ms.saturating_add(1_500) >= rented_ms
}
