//! `gantry-agent exit`: announces on chain when jobs end here. The running agent sees it there, like their tenants.

use anyhow::{Context, Result, ensure};
use gantry_protocol::limits::{EXIT_NOTICE_S, MAX_JOB_DURATION_S};
use gantry_sdk::{
    Keypair, Pubkey, Signer,
    client::Client,
    instruction::market::job_exit,
    market::state::{Job, JobState},
};
use std::{fmt::Write, time::Duration};

use crate::{chain::living_jobs, config::Config, keys};

/// Beyond what was asked for: a transaction takes a while to land, and must not come too late for the notice.
const MARGIN_S: i64 = 20;

/// Which jobs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All that this agent serves.
    All,
    /// These.
    These(Vec<Pubkey>),
}

/// Reads a notice, such as `15m`.
///
/// # Errors
/// One sentence, when it is none, or is outside what the market allows.
pub fn notice(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a period of time; write it like 900s, 15m or 2h");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let unit_s = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let count: u64 = text.trim_end_matches(unit).parse().map_err(|_| wrong())?;
    let seconds = count.checked_mul(unit_s).ok_or_else(wrong)?;
    if seconds < u64::from(EXIT_NOTICE_S) {
        return Err(format!("the market asks for a notice of {EXIT_NOTICE_S} s at least"));
    }
    if seconds > u64::from(MAX_JOB_DURATION_S) / 2 {
        return Err("the market takes exits of the next months only; name an earlier one".to_owned());
    }
    Ok(Duration::from_secs(seconds))
}

/// What is to be done about a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Announce,
    /// An exit at least as late stands there already.
    Stands,
}

/// Announces the exits one by one, so that none spoils another. Returns what to tell the operator, and whether any failed.
///
/// # Errors
/// When the keys cannot be read, the chain is away, or a named job is not this agent's.
pub async fn announce(config: &Config, wanted: &Wanted, after: Duration) -> Result<(String, bool)> {
    let owner = keys::load(&config.wallet)?.pubkey();
    let key = keys::load(&config.attestation_key)?;
    let client = Client::new(&config.rpc_url);
    let jobs = living_jobs(&client, &owner).await.context("cannot read the jobs")?;
    let now = client.chain_time().await.context("cannot read the chain's clock")?;
    let exits_at = now
        .saturating_add(i64::try_from(after.as_secs())?)
        .saturating_add(MARGIN_S);
    let (mut told, mut failed) = (String::new(), false);
    for (address, plan) in plans(&jobs, wanted, &key.pubkey(), exits_at)? {
        let words = match plan {
            Plan::Stands => "has an exit at least as late already".to_owned(),
            Plan::Announce => match send(&client, &key, address, exits_at).await {
                Ok(()) => format!("ends in {} s, at {exits_at} in Unix seconds", exits_at - now),
                Err(error) => {
                    failed = true;
                    format!("FAILED: {error:#}")
                }
            },
        };
        writeln!(told, "{address}  {words}")?;
    }
    if told.is_empty() {
        told.push_str("No job of this agent runs.\n");
    }
    told.push_str("The node takes new jobs until you say otherwise: gantry node update NODE --active false\n");
    Ok((told, failed))
}

async fn send(client: &Client, key: &Keypair, job: Pubkey, exits_at: i64) -> Result<()> {
    client.send(&[job_exit(key.pubkey(), job, exits_at)], key, &[]).await?;
    Ok(())
}

/// What to do about each of the jobs that are meant.
fn plans(jobs: &[(Pubkey, Job)], wanted: &Wanted, key: &Pubkey, exits_at: i64) -> Result<Vec<(Pubkey, Plan)>> {
    let can_exit = |job: &Job| {
        matches!(job.state(), Some(JobState::Open | JobState::Running))
            && job.is_final == 0
            && job.attestation_key == *key
    };
    let meant: Vec<_> = jobs
        .iter()
        .filter(|(address, job)| match wanted {
            Wanted::All => can_exit(job),
            Wanted::These(named) => named.contains(address) && can_exit(job),
        })
        .collect();
    if let Wanted::These(named) = wanted {
        for address in named {
            ensure!(
                meant.iter().any(|(found, _)| found == address),
                "job {address} is not one that runs at this agent; nothing was announced"
            );
        }
    }
    let plan = |(address, job): &&(Pubkey, Job)| {
        let stands = job.exits_at >= exits_at;
        (*address, if stands { Plan::Stands } else { Plan::Announce })
    };
    Ok(meant.iter().map(plan).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gantry_sdk::account::{Discriminator, Layout};

    fn job(state: JobState, key: Pubkey, exits_at: i64) -> Job {
        let blank = [Job::DISCRIMINATOR, &vec![0; size_of::<Job>()]].concat();
        let mut job = Job::read(&blank).expect("its own layout");
        (job.state, job.attestation_key, job.exits_at) = (state as u8, key, exits_at);
        job
    }

    #[test]
    fn a_notice_is_read_with_its_unit_and_is_ten_minutes_at_least() {
        assert_eq!(notice("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(notice("600s"), Ok(Duration::from_secs(600)));
        assert_eq!(notice("2h"), Ok(Duration::from_secs(7_200)));
        for wrong in [
            "599s",
            "9m",
            "",
            "m",
            "15",
            "-1h",
            "15 m",
            "400d",
            "99999999999999999999h",
        ] {
            assert!(notice(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn all_means_the_jobs_of_this_agents_key_that_run_or_wait() {
        let (own, other) = (Pubkey::new_unique(), Pubkey::new_unique());
        let jobs: Vec<(Pubkey, Job)> = [
            job(JobState::Open, own, 0),
            job(JobState::Running, own, 5_000),
            job(JobState::Running, own, 6_000),
            job(JobState::Stopped, own, 0),
            job(JobState::Running, other, 0),
        ]
        .into_iter()
        .map(|job| (Pubkey::new_unique(), job))
        .collect();
        let expected = vec![
            (jobs[0].0, Plan::Announce),
            (jobs[1].0, Plan::Announce),
            (jobs[2].0, Plan::Stands),
        ];
        assert_eq!(plans(&jobs, &Wanted::All, &own, 6_000).expect("a plan"), expected);
        let named = Wanted::These(vec![jobs[1].0]);
        assert_eq!(plans(&jobs, &named, &own, 6_000).expect("a plan"), expected[1..2]);
        let foreign = Wanted::These(vec![jobs[0].0, jobs[4].0]);
        assert!(plans(&jobs, &foreign, &own, 6_000).is_err());
    }
}
