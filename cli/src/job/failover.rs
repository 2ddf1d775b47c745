//! Goes on elsewhere when a job loses its node, with what is left of its escrow.
//!
//! Invariant: the successor's number is on disk before anything is sent, so that a job has one successor at most, whatever is killed when.

use std::fs;

use anyhow::{Context as _, Result};
use gantry_protocol::{Rate, UnixSeconds, class};
use gantry_sdk::{
    Keypair, Pubkey, Signer as _, address,
    client::ClientError,
    instruction,
    market::state::{Job, Node},
    wire::Exit,
};

use super::{
    choose::{self, Candidate, Wanted},
    drive::{Drive, Manner},
    open::{self, Attempt},
    report::Report,
    session,
};
use crate::{
    agent::now_ms,
    context::Context,
    failure::Failure,
    mint::Mint,
    progress::Progress,
    state::{Elsewhere, JobDirectory, Record, SessionKey, Successor},
};

/// Most nodes that are tried in turn.
const MAX_ATTEMPTS: usize = 3;

/// Drives a job to its end, and where that is wanted one successor after the other for as long as nodes are lost.
pub(crate) async fn drive<'a>(mut drive: Drive<'a>, manner: Manner) -> Result<Report> {
    let mut lost = Vec::new();
    loop {
        let (context, wallet, progress) = (drive.context, drive.wallet, drive.progress);
        let (directory, wish) = (drive.directory.clone(), drive.record.failover.clone());
        let mut report = drive.run(manner).await?;
        let next = match wish {
            Some(wish) if !manner.finishes && is_unfinished(&report) => {
                go_on(context, wallet, &directory, &wish, progress).await?
            }
            _ => None,
        };
        let Some((record, directory, lock)) = next else {
            report.lost = lost;
            return Ok(report);
        };
        let former = report.bill.bill.job;
        progress.say(format!(
            "job {former} lost its node after {} ms; going on as job {} on node {}",
            report.bill.bill.metered_ms, record.job, record.node
        ));
        lost.push(former);
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

/// Whether the workload was cut off by its provider: it neither ended by itself nor was ended by its tenant.
fn is_unfinished(report: &Report) -> bool {
    let by_itself = |exit: &Exit| exit.code.is_some() || exit.signal.is_some();
    let was_cut_off = report.bill.job.is_final == 0 || report.bill.job.ended_by_exit();
    was_cut_off && !report.interrupted && !report.time_up && !report.exit.as_ref().is_some_and(by_itself)
}

/// The successor's record, its files, and the right to act for it.
type Next = (Record, JobDirectory, fs::File);

/// Opens the job's successor, or finds the one that was opened before; `None` when there can be none now.
async fn go_on(
    context: &Context,
    wallet: &Keypair,
    directory: &JobDirectory,
    wish: &Elsewhere,
    progress: &Progress,
) -> Result<Option<Next>> {
    let client = &context.client;
    let _lock = directory
        .lock()?
        .ok_or_else(|| Failure::Usage("another process acts for the job already".into()))?;
    let mut record = directory.record()?;
    let former = record.job;
    let (job, now) = tokio::try_join!(client.get::<Job>(&former), client.chain_time())?;
    let successor = match record.successor {
        Some(successor) => successor,
        None => {
            if let Err(refusal) = job.require_failover(UnixSeconds(now)) {
                tracing::debug!(%former, ?refusal, "not re-opened");
                return Ok(None);
            }
            let nonce = open::random_number();
            let successor = Successor {
                nonce,
                job: address::job(&record.tenant, nonce),
            };
            record.successor = Some(successor);
            directory.save_record(&record)?;
            successor
        }
    };
    let next = context.store.job(&successor.job);
    next.create()?;
    let lock = next
        .lock()?
        .ok_or_else(|| Failure::Usage(format!("another process follows job {} already", successor.job)))?;
    let session_key = session::present(directory, &record, &job)?;
    let made = match next.find_record()? {
        Some(made) => made,
        None => prepare(directory, &record, &session_key, successor, &next)?,
    };
    if let Some(found) = client.find::<Job>(&successor.job).await? {
        return Ok(Some((placed(made, found.node, found.provider, &next)?, next, lock)));
    }
    let left_s = job.max_duration_s.saturating_sub(seconds_used(job.metered_ms));
    let candidates = candidates(context, &job, wish, left_s, progress).await?;
    let mut refusal = None;
    for candidate in candidates.iter().take(MAX_ATTEMPTS) {
        let made = placed(made.clone(), candidate.address, candidate.node.owner, &next)?;
        let to = instruction::market::Elsewhere {
            nonce: successor.nonce,
            node: candidate.address,
            provider_owner: candidate.node.owner,
            class: candidate.node.class,
            max_rate: candidate.rate.0,
            max_duration_s: left_s,
        };
        let call = instruction::market::job_failover(wallet.pubkey(), former, &job, &to);
        match open::attempt(client, wallet, &[&session_key], &successor.job, candidate, call).await? {
            Attempt::Opened(node, provider) => {
                return Ok(Some((placed(made, node, provider, &next)?, next, lock)));
            }
            Attempt::Refused(refused) => {
                let elsewhere = open::may_do_elsewhere(&refused);
                refusal = Some(refused);
                if !elsewhere {
                    break;
                }
            }
        }
    }
    say_why(progress, former, refusal.as_ref());
    Ok(None)
}

/// Whole seconds of the rented time that are used up.
fn seconds_used(metered_ms: u64) -> u32 {
    u32::try_from(metered_ms.div_ceil(1_000)).unwrap_or(u32::MAX)
}

fn say_why(progress: &Progress, former: Pubkey, refusal: Option<&ClientError>) {
    let why = refusal.map_or_else(|| "no other node fits now".to_owned(), ToString::to_string);
    progress.say(format!(
        "the job does not go on elsewhere: {why}; within an hour of its end `gantry resume {former}` tries again"
    ));
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
        fs::copy(&from, &to).with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    }
    let made = Record {
        job: successor.job,
        session_key: SessionKey(session_key.insecure_clone()),
        created_at_ms: now_ms(),
        start_requested_at_ms: None,
        ended_ms: None,
        exit: None,
        results_fetched: false,
        successor: None,
        predecessor: Some(record.job.into()),
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

/// Other nodes of the lost one's class that are no dearer, best first, of which the first answers.
async fn candidates(
    context: &Context,
    job: &Job,
    wish: &Elsewhere,
    left_s: u32,
    progress: &Progress,
) -> Result<Vec<Candidate>> {
    let client = &context.client;
    progress.doing("Looking for another node");
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
    let mut choice = choose::choose(client, &context.indexer, &wanted, &mint).await?;
    choice.candidates.retain(|candidate| candidate.address != job.node);
    choice.knock().await;
    Ok(choice.candidates)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bill::tests::closed_bill;
    use crate::state::{Store, record_for_tests};

    fn report(is_final: u8, exit: Option<Exit>) -> Report {
        let mut bill = closed_bill();
        bill.job.is_final = is_final;
        Report {
            bill,
            exit,
            out: None,
            given_up: None,
            results_lost: None,
            interrupted: false,
            time_up: false,
            lost: Vec::new(),
        }
    }

    fn exit(code: Option<i32>) -> Option<Exit> {
        let reason = code.is_none().then(|| "the provider's agent is gone".to_owned());
        Some(Exit {
            code,
            signal: None,
            reason,
        })
    }

    #[test]
    fn only_work_that_its_provider_cut_off_goes_on_elsewhere() {
        assert!(is_unfinished(&report(0, None)));
        assert!(is_unfinished(&report(0, exit(None))));
        assert!(!is_unfinished(&report(0, exit(Some(0)))), "it ended by itself");
        assert!(!is_unfinished(&report(1, None)), "both sides agreed on its end");
        let mut exited = report(1, exit(None));
        (exited.bill.job.exits_at, exited.bill.job.ended_at) = (50, 50);
        assert!(is_unfinished(&exited));
        for stop in [
            Report {
                interrupted: true,
                ..report(0, None)
            },
            Report {
                time_up: true,
                ..report(0, None)
            },
        ] {
            assert!(!is_unfinished(&stop));
        }
    }

    #[test]
    fn a_begun_second_is_used_up() {
        assert_eq!([0, 1, 1_000, 1_001].map(seconds_used), [0, 1, 1, 2]);
    }

    #[test]
    fn a_successor_takes_over_what_its_predecessor_was_to_do_and_nothing_of_what_became_of_it() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::new(root.path());
        let former = Record {
            has_bundle: true,
            exit: exit(None),
            start_requested_at_ms: Some(7),
            ended_ms: Some(8),
            results_fetched: true,
            ..record_for_tests(5)
        };
        let (directory, next) = (store.job(&former.job), Pubkey::new_from_array([77; 32]));
        directory.create().unwrap();
        fs::write(directory.bundle(), b"the bundle").unwrap();
        let files = store.job(&next);
        files.create().unwrap();
        let successor = Successor { nonce: 3, job: next };
        let key = Keypair::new();
        let made = prepare(&directory, &former, &key, successor, &files).unwrap();
        assert_eq!(
            (made.job, &made.command, made.tenant),
            (next, &former.command, former.tenant)
        );
        assert_eq!(
            (
                made.start_requested_at_ms,
                made.ended_ms,
                made.exit.clone(),
                made.results_fetched
            ),
            (None, None, None, false)
        );
        assert_eq!(made.predecessor, Some(former.job.into()));
        assert_eq!(fs::read(files.bundle()).unwrap(), b"the bundle");
        assert_eq!(files.record().unwrap().job, next);
    }
}
