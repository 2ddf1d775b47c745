//! The agent's state for `gantry-agent status`: a file that the running agent keeps up to date, so that it can be read also when the
//! agent is frozen or gone.

use gantry_sdk::wire::JobStatus;
use serde::{Deserialize, Serialize};
use std::{
    fmt::Write,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::time::sleep;

use crate::{clock::Clock, job::Services, jobs::Jobs, runtime::process::Identity};

/// How often the file is written.
const INTERVAL: Duration = Duration::from_secs(2);

/// What the agent says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The agent's process.
    pub agent: Identity,
    /// Its version.
    pub version: String,
    /// Unix milliseconds of the writing.
    pub written_ms: i64,
    /// The provider's wallet.
    pub provider: String,
    /// The node's account.
    pub node: String,
    /// The URL for tenants.
    pub endpoint: String,
    /// Whether the GPUs are simulated.
    pub simulated: bool,
    /// GPUs in all.
    pub gpus: usize,
    /// GPUs that jobs hold.
    pub gpus_in_use: usize,
    /// Receipts that tenants signed too, since the start.
    pub receipts_countersigned: u64,
    /// Settlements since the start.
    pub settlements: u64,
    /// Jobs by address.
    pub jobs: Vec<(String, JobStatus)>,
}

/// The file in the data directory.
#[must_use]
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("status.json")
}

/// What stays the same while the agent runs.
#[derive(Clone, Debug)]
pub struct Nameplate {
    /// The provider's wallet.
    pub provider: String,
    /// The node's account.
    pub node: String,
    /// The URL for tenants.
    pub endpoint: String,
}

/// Keeps the file up to date for good.
pub async fn write_forever(jobs: Arc<Jobs>, services: Arc<Services>, nameplate: Nameplate) {
    let path = path(&services.settings.data_dir);
    loop {
        if let Err(error) = write(&path, &collect(&jobs, &services, &nameplate)) {
            tracing::warn!(%error, "the status file could not be written");
        }
        sleep(INTERVAL).await;
    }
}

fn collect(jobs: &Jobs, services: &Services, nameplate: &Nameplate) -> Status {
    let (gpus_in_use, gpus) = services.slots.used();
    let mut jobs: Vec<_> = jobs
        .all()
        .iter()
        .map(|job| (job.address().to_string(), job.status()))
        .collect();
    jobs.sort_by(|one, other| one.0.cmp(&other.0));
    Status {
        agent: Identity::own(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        written_ms: services.clock.unix_ms(),
        provider: nameplate.provider.clone(),
        node: nameplate.node.clone(),
        endpoint: nameplate.endpoint.clone(),
        simulated: services.gpus.simulated(),
        gpus,
        gpus_in_use,
        receipts_countersigned: services.counters.receipts_countersigned.load(Ordering::Relaxed),
        settlements: services.counters.settlements.load(Ordering::Relaxed),
        jobs,
    }
}

fn write(path: &Path, status: &Status) -> io::Result<()> {
    let part = path.with_extension("part");
    fs::write(&part, serde_json::to_vec_pretty(status)?)?;
    fs::rename(part, path)
}

/// Reads the file of an agent.
///
/// # Errors
/// When there is none, or it is damaged.
pub fn read(data_dir: &Path) -> io::Result<Status> {
    Ok(serde_json::from_slice(&fs::read(path(data_dir))?)?)
}

/// For people.
#[must_use]
pub fn show(status: &Status, clock: &dyn Clock) -> String {
    let mut text = String::new();
    let age_s = clock.unix_ms().saturating_sub(status.written_ms) / 1_000;
    let running = status.agent.open().is_some();
    let how = match (running, age_s) {
        (false, age_s) => format!("is not running; this is how it was {age_s} s ago"),
        (true, 0..=9) => "is running".to_owned(),
        (true, age_s) => format!("is frozen; it last said something {age_s} s ago"),
    };
    let simulated = if status.simulated {
        " (SIMULATED: these GPUs do not exist)"
    } else {
        ""
    };
    // Writing to a string cannot fail.
    let _ = writeln!(text, "The agent {how}.");
    let _ = writeln!(text, "provider  {}", status.provider);
    let _ = writeln!(text, "node      {}", status.node);
    let _ = writeln!(text, "endpoint  {}", status.endpoint);
    let _ = writeln!(
        text,
        "GPUs      {} of {} in use{simulated}",
        status.gpus_in_use, status.gpus
    );
    let _ = writeln!(
        text,
        "receipts  {} countersigned, {} settlements",
        status.receipts_countersigned, status.settlements
    );
    for (address, job) in &status.jobs {
        let phase = format!("{:?}", job.phase).to_lowercase();
        let (whole_s, rest_ms) = (job.metered_ms / 1_000, job.metered_ms % 1_000);
        let _ = writeln!(
            text,
            "job       {address}  {phase:8}  {whole_s}.{rest_ms:03} s metered, {} of {} receipts countersigned",
            job.countersigned, job.sequence
        );
    }
    text
}
