//! Goes on elsewhere when a job loses its node, with what is left of its escrow.
//!
//! Invariant: the successor's number is on disk before anything is sent, so that a job has one successor at most, whatever is killed when.

use std::fs::{self, File};

use anyhow::{Context as _, Result};
use gantry_protocol::{Rate, UnixSeconds, class};
use gantry_sdk::{
    Keypair, Pubkey, Signer as _, address,
    client::Client,
    instruction,
    market::state::{Job, Node},
    wire::Exit,
};

use super::{
    choose::{self, Candidate, Choice, Wanted},
    drive::{Drive, Manner},
    open::{self, Attempt, MAX_ATTEMPTS},
    report::Report,
};
use crate::{
    agent::now_ms,
    context::Context,
    failure::{Failure, Fate, OfJob},
    indexer::Indexer,
    mint::Mint,
    progress::Progress,
    state::{Elsewhere, JobDirectory, Record, SessionKey, Store, Successor},
};

/// How often the work of one `run` moves at most: a workload that no agent takes must not wander for ever.
pub(crate) const MAX_MOVES: u8 = 8;

/// How much earlier than announced, by the chain's clock, a job may have been closed that its provider ended by its own clock.
const CLOCK_SLACK_S: i64 = 60;

/// Drives a job to its end, and where that is wanted one successor after the other for as long as nodes are lost.
pub(crate) async fn drive(mut drive: Drive<'_>, manner: Manner) -> Result<Report> {
    loop {
        let (context, wallet, progress) = (drive.context, drive.wallet, drive.progress);
        let mover = Mover {
            client: &context.client,
            indexer: &context.indexer,
            store: &context.store,
            wallet,
            progress,
            directory: drive.directory.clone(),
        };
        let mut report = drive.run(manner).await?;
        let former = report.bill.bill.job;
        let next = mover.go_on(&report).await.map_err(|error| match error.is::<OfJob>() {
            true => error,
            false => error.context(OfJob {
                job: former,
                fate: Fate::Lost,
            }),
        })?;
        let Some((record, directory, lock)) = next else {
            report.lost = predecessors(mover.store, &mover.directory.record()?)?;
            return Ok(report);
        };
        progress.say(format!(
            "job {former} lost its node after {} ms; going on as job {} on node {}",
            report.bill.bill.metered_ms, record.job, record.node
        ));
        drive = Drive {
            context,
            wallet,
            directory,
            record,
            lock,
            progress,
        };
    }
}

/// The job that stands on chain of those that this one's work has moved through: itself, a later one that was opened, or, when it never
/// was, the one before.
pub(crate) async fn standing(context: &Context, job: Pubkey) -> Result<(Pubkey, Record)> {
    let record = |job: &Pubkey| context.store.job(job).record();
    let (mut job, mut found) = (job, record(&job)?);
    while let Some(predecessor) = found.predecessor
        && context.client.find::<Job>(&job).await?.is_none()
    {
        (job, found) = (predecessor.0, record(&predecessor.0)?);
    }
    while let Some(successor) = found.successor
        && context.client.find::<Job>(&successor.job).await?.is_some()
    {
        (job, found) = (successor.job, record(&successor.job)?);
    }
    Ok((job, found))
}

/// The jobs that this one goes on for, oldest first.
fn predecessors(store: &Store, record: &Record) -> Result<Vec<Pubkey>> {
    let (mut lost, mut next) = (Vec::new(), record.predecessor);
    while let Some(predecessor) = next.filter(|_| lost.len() < usize::from(MAX_MOVES)) {
        lost.push(predecessor.0);
        let record = store.job(&predecessor.0).find_record()?;
        next = record.and_then(|record| record.predecessor);
    }
    lost.reverse();
    Ok(lost)
}

/// Whether the workload was cut off by its provider: it neither ended by itself nor was ended by its tenant.
fn was_cut_off(report: &Report) -> bool {
    let job = &report.bill.job;
    // What the agent has killed was ended by a signal too, but for a reason.
    let by_itself = |exit: &Exit| exit.code.is_some() || (exit.signal.is_some() && exit.reason.is_none());
    let is_unfinished = job.is_final == 0 || is_by_exit(job);
    is_unfinished && !report.interrupted && !report.time_up && !report.exit.as_ref().is_some_and(by_itself)
}

/// Whether the provider's announced exit ended the job.
fn is_by_exit(job: &Job) -> bool {
    job.exits_at != 0 && job.ended_at.saturating_add(CLOCK_SLACK_S) >= job.exits_at
}

/// The successor's record, its files, and the right to act for it.
type Next = (Record, JobDirectory, File);

/// Goes on for one job that has ended.
struct Mover<'a> {
    client: &'a Client,
    indexer: &'a Indexer,
    store: &'a Store,
    /// Pays the rent of the successor's account, and the network's fees.
    wallet: &'a Keypair,
    progress: &'a Progress,
    /// The ended job's files.
    directory: JobDirectory,
}

impl Mover<'_> {
    /// Opens the job's successor, or finds the one that was opened before; `None` when there is none and can be none now.
    async fn go_on(&self, report: &Report) -> Result<Option<Next>> {
        let client = self.client;
        let record = self.directory.record()?;
        let Some(wish) = record.failover else {
            return Ok(None);
        };
        let _lock = locked(&self.directory, record.job)?;
        let mut record = self.directory.record()?;
        // Before the successor is looked for: what the chain refuses by now will not be opened any more.
        let (job, now) = tokio::try_join!(client.get::<Job>(&record.job), client.chain_time())?;
        if let Some(successor) = record.successor
            && let Some(found) = client.find::<Job>(&successor.job).await?
        {
            let next = self.store.job(&successor.job);
            let lock = locked(&next, successor.job)?;
            return Ok(Some((
                placed(next.record()?, found.node, found.provider, &next)?,
                next,
                lock,
            )));
        }
        if let Err(refusal) = job.require_failover(UnixSeconds(now)) {
            tracing::debug!(job = %record.job, ?refusal, "not re-opened");
            self.forget_successor(&mut record)?;
            return Ok(None);
        }
        if !was_cut_off(report) || wish.moves_left == 0 || self.directory.is_stopped()? {
            return Ok(None);
        }
        let Some(session_key) = self.directory.session_key(&record, &job.session_key)? else {
            self.say_why("its session key was rotated elsewhere", record.job);
            return Ok(None);
        };
        let left_s = left_s(&job);
        let choice = self.choose(&job, &wish, left_s).await?;
        if choice.candidates.is_empty() {
            self.say_why(&none_fits(&choice), record.job);
            return Ok(None);
        }
        self.open(record, &job, &session_key, &choice.candidates).await
    }

    /// Opens the successor on the first of the candidates that takes it.
    async fn open(
        &self,
        mut record: Record,
        job: &Job,
        session_key: &Keypair,
        candidates: &[Candidate],
    ) -> Result<Option<Next>> {
        let (client, former) = (self.client, record.job);
        let successor = match record.successor {
            Some(successor) => successor,
            None => {
                let nonce = open::random_number();
                let job = address::job(&record.tenant, nonce);
                *record.successor.insert(Successor { nonce, job })
            }
        };
        self.directory.save_record(&record)?;
        let next = self.store.job(&successor.job);
        next.create()?;
        let lock = locked(&next, successor.job)?;
        let made = match next.find_record()? {
            Some(made) => made,
            None => prepare(&self.directory, &record, session_key, successor, &next)?,
        };
        for (attempt, candidate) in candidates.iter().take(MAX_ATTEMPTS).enumerate() {
            // The first was knocked at when it was chosen.
            if attempt > 0 && !open::answers(candidate).await {
                continue;
            }
            let made = placed(made.clone(), candidate.address, candidate.node.owner, &next)?;
            let to = instruction::market::Elsewhere {
                nonce: successor.nonce,
                node: candidate.address,
                provider_owner: candidate.node.owner,
                class: candidate.node.class,
                max_rate: candidate.rate.0,
                max_duration_s: left_s(job),
            };
            let call = instruction::market::job_failover(self.wallet.pubkey(), former, job, &to);
            match open::attempt(client, self.wallet, &[session_key], &successor.job, candidate, call).await? {
                Attempt::Opened(node, provider) => {
                    return Ok(Some((placed(made, node, provider, &next)?, next, lock)));
                }
                Attempt::Refused(refused) => {
                    self.say_why(&refused.to_string(), former);
                    if !open::may_do_elsewhere(&refused) {
                        break;
                    }
                }
            }
        }
        Ok(None)
    }

    /// Other nodes of the lost one's class that are no dearer, cheapest first, of which the first answers. All nodes of a provider are
    /// served by one agent: of a provider that is lost, none will do; of one that ends the job by an exit, the others will.
    async fn choose(&self, job: &Job, wish: &Elsewhere, left_s: u32) -> Result<Choice> {
        let client = self.client;
        self.progress.doing("Looking for another node");
        let lost: Node = client.get(&job.node).await?;
        let mint = Mint::find(client, &job.mint).await?;
        let wanted = Wanted {
            class: Some(class::unpack(&lost.class).to_owned()),
            region: wish.region.clone(),
            node: None,
            gpus: job.gpus,
            max_rate: Some(Rate(job.rate / u64::from(job.gpus.max(1)))),
            max_duration_s: left_s,
            allow_simulated: wish.allow_simulated,
        };
        let mut choice = choose::choose(client, self.indexer, &wanted, &mint).await?;
        let is_other = |node: &Pubkey, owner: &Pubkey| *node != job.node && (is_by_exit(job) || *owner != job.provider);
        choice.rule_out("of the provider that was lost", |candidate| {
            !is_other(&candidate.address, &candidate.node.owner)
        });
        choice.knock().await;
        Ok(choice)
    }

    /// Removes what was written down of a successor that was never opened and never will be.
    fn forget_successor(&self, record: &mut Record) -> Result<()> {
        let Some(successor) = record.successor.take() else {
            return Ok(());
        };
        let next = self.store.job(&successor.job);
        if next.find_record()?.is_some() {
            let _lock = locked(&next, successor.job)?;
            next.remove()?;
        }
        self.directory.save_record(record)
    }

    fn say_why(&self, why: &str, former: Pubkey) {
        self.progress.say(format!(
            "the job does not go on elsewhere: {why}; within an hour of its end `gantry resume {former}` tries again"
        ));
    }
}

/// The right to act for a job.
fn locked(directory: &JobDirectory, job: Pubkey) -> Result<File> {
    let lock = directory.lock()?;
    Ok(lock.ok_or_else(|| Failure::Usage(format!("another process acts for job {job} already")))?)
}

/// Whole seconds of the rented time that are left: a begun one is used up.
fn left_s(job: &Job) -> u32 {
    let used_s = u32::try_from(job.metered_ms.div_ceil(1_000)).unwrap_or(u32::MAX);
    job.max_duration_s.saturating_sub(used_s)
}

/// Why no node will do, in words.
fn none_fits(choice: &Choice) -> String {
    let dearer = (!choice.too_dear.is_empty()).then(|| format!("{} dearer than the lost one", choice.too_dear.len()));
    let others = choice
        .ruled_out
        .iter()
        .map(|(reason, nodes)| format!("{nodes} {reason}"));
    let reasons: Vec<String> = dearer.into_iter().chain(others).collect();
    if reasons.is_empty() {
        return "no other node of its class is offered".to_owned();
    }
    format!("no other node fits: {}", reasons.join("; "))
}

/// The successor's record and bundle, on disk before it is opened.
fn prepare(
    directory: &JobDirectory,
    record: &Record,
    session_key: &Keypair,
    successor: Successor,
    next: &JobDirectory,
) -> Result<Record> {
    if record.has_bundle {
        let (from, to) = (directory.bundle(), next.bundle());
        fs::copy(&from, &to)
            .and_then(|_| File::open(&to)?.sync_all())
            .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    }
    let wish = record.failover.clone();
    let made = Record {
        job: successor.job,
        session_key: SessionKey(session_key.insecure_clone()),
        created_at_ms: now_ms(),
        start_requested_at_ms: None,
        ended_ms: None,
        exit: None,
        results_fetched: false,
        failover: wish.map(|wish| Elsewhere {
            moves_left: wish.moves_left.saturating_sub(1),
            ..wish
        }),
        predecessor: Some(record.job.into()),
        successor: None,
        ..record.clone()
    };
    next.save_record(&made)?;
    Ok(made)
}

/// The record on this node of this provider, written down.
fn placed(record: Record, node: Pubkey, provider: Pubkey, directory: &JobDirectory) -> Result<Record> {
    let record = Record {
        node,
        provider,
        ..record
    };
    directory.save_record(&record)?;
    Ok(record)
}

#[cfg(test)]
mod tests;
