//! `gantry-agent selftest`: whether this machine can do what the agent promises, and what could not be checked.

use anyhow::{Context, Result};
use gantry_protocol::merkle::Sample;
use gantry_sdk::{Keypair, Pubkey, wire::Exit};
use std::{
    fmt, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tokio::time::timeout;

use crate::{
    gpu::{GpuError, Gpus, NvmlGpus},
    receipts::{Draft, ReceiptLog},
    runtime::{
        Runtime, SupervisedRuntime,
        cgroup::Cgroups,
        directory::JobDirectory,
        spec::{Bounds, WorkloadSpec},
    },
};

/// Longest that one of the test's workloads may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Receipts that are signed to see how long the disk takes.
const RECEIPTS: u32 = 50;

/// How a check came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be.
    Passed,
    /// Not as it should be.
    Failed,
    /// Could not be checked here.
    NotChecked,
}

/// Everything that was checked, or could not be.
#[derive(Clone, Debug, Default)]
pub struct Report {
    checks: Vec<(Verdict, String, String)>,
}

impl Report {
    /// Whether nothing failed. What could not be checked is no failure, but is said.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.checks.iter().all(|(verdict, ..)| *verdict != Verdict::Failed)
    }

    fn add(&mut self, name: &str, outcome: Result<String>) {
        let (verdict, detail) = match outcome {
            Ok(detail) => (Verdict::Passed, detail),
            Err(error) => (Verdict::Failed, format!("{error:#}")),
        };
        self.checks.push((verdict, name.to_owned(), detail));
    }

    fn could_not(&mut self, name: &str, why: impl fmt::Display) {
        self.checks
            .push((Verdict::NotChecked, name.to_owned(), why.to_string()));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (verdict, name, detail) in &self.checks {
            let word = match verdict {
                Verdict::Passed => "ok",
                Verdict::Failed => "FAILED",
                Verdict::NotChecked => "not checked",
            };
            writeln!(f, "{word:<12} {name:<28} {detail}")?;
        }
        Ok(())
    }
}

/// A directory that is removed again.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let path = std::env::temp_dir().join(format!("gantry-selftest-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot create {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700))?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Checks everything.
///
/// # Errors
/// When not even a directory for the test can be made.
pub async fn run() -> Result<Report> {
    let scratch = Scratch::new()?;
    let mut report = Report::default();
    match NvmlGpus::open().and_then(|gpus| gpus.list().map(|list| (gpus, list))) {
        Ok((gpus, list)) => {
            report.add("GPUs", Ok(format!("{} found, {}", list.len(), gpus.driver())));
            for gpu in &list {
                let reading = gpus.read(gpu.index).map(|reading| {
                    format!(
                        "{} °C, {} mW, {} MHz",
                        reading.temperature_c, reading.power_mw, reading.clock_mhz
                    )
                });
                report.add(&format!("readings of GPU {}", gpu.index), reading.map_err(Into::into));
            }
        }
        Err(error @ GpuError::NoDriver(_)) => {
            report.could_not("GPUs", &error);
            report.could_not("GPU readings and workloads", "they need an NVIDIA GPU");
        }
        Err(error) => report.add("GPUs", Err(error.into())),
    }
    report.add("receipt log", receipts(&scratch.0));
    let program = std::env::current_exe().context("cannot find the agent's own binary")?;
    let runtime = match SupervisedRuntime::new(program) {
        Ok(runtime) => runtime,
        Err(error) => {
            report.add("sandbox", Err(error.into()));
            return Ok(report);
        }
    };
    let cgroups = Cgroups::discover();
    report.add("sandbox", sandbox(&runtime, &scratch.0, &cgroups).await);
    if cgroups == Cgroups::Unavailable {
        report.could_not(
            "limits of whole workloads",
            "no control groups can be made here; limits are per process",
        );
    } else {
        report.add(
            "limits of whole workloads",
            memory(&runtime, &scratch.0, &cgroups).await,
        );
    }
    Ok(report)
}

/// Signs receipts, one synchronous write each.
fn receipts(scratch: &Path) -> Result<String> {
    let log = ReceiptLog::open(&scratch.join("receipts.redb"))?;
    let (key, job) = (Keypair::new(), Pubkey::new_from_array([1; 32]));
    let began = Instant::now();
    for number in 0..RECEIPTS {
        let samples = [Sample {
            metered_ms: number.into(),
            ..Sample::default()
        }];
        let draft = Draft {
            genesis_hash: [0; 32],
            job,
            metered_ms: number.into(),
            time_ms: 0,
            is_final: false,
            gpus: 1,
            simulated: false,
            samples: &samples,
        };
        log.issue(&draft, &key)?;
    }
    let each = began.elapsed() / RECEIPTS;
    Ok(format!(
        "sign and write through to disk in {:.2} ms",
        each.as_secs_f64() * 1e3
    ))
}

fn workload(script: &str, cgroups: &Cgroups) -> WorkloadSpec {
    WorkloadSpec {
        command: ["/bin/sh", "-c", script].map(str::to_owned).to_vec(),
        environment: std::collections::BTreeMap::new(),
        gpus: Vec::new(),
        devices: Vec::new(),
        deadline_ms: u64::try_from(PATIENCE.as_millis()).unwrap_or(u64::MAX),
        bounds: Bounds {
            cpus: 1,
            memory_bytes: 128 << 20,
            processes: 64,
            disk_bytes: 64 << 20,
            log_bytes: 64 << 10,
        },
        cgroups: cgroups.clone(),
    }
}

async fn execute(runtime: &SupervisedRuntime, directory: &JobDirectory, spec: &WorkloadSpec) -> Result<(Exit, String)> {
    let workload = runtime.launch(directory, spec).await?;
    let exit = timeout(PATIENCE, workload.ended())
        .await
        .context("the workload did not end in time")?;
    let log = fs::read(directory.log()).unwrap_or_default();
    Ok((exit, String::from_utf8_lossy(&log).into_owned()))
}

async fn sandbox(runtime: &SupervisedRuntime, scratch: &Path, cgroups: &Cgroups) -> Result<String> {
    let directory = JobDirectory::at(scratch.join("sandbox"));
    let script = "id -u; tail -n +3 /proc/net/dev | grep -cv lo:; touch /usr/gantry-selftest 2>/dev/null && echo wrote; echo x > $GANTRY_OUT/x";
    let (exit, log) = execute(runtime, &directory, &workload(script, cgroups)).await?;
    let left = directory.out().join("x").exists();
    anyhow::ensure!(
        log == "65534\n0\n" && left,
        "a workload saw or did something else than it should: {log:?}, {exit:?}"
    );
    Ok("runs as nobody, without network, on a read-only system".to_owned())
}

async fn memory(runtime: &SupervisedRuntime, scratch: &Path, cgroups: &Cgroups) -> Result<String> {
    let directory = JobDirectory::at(scratch.join("memory"));
    let (exit, log) = execute(
        runtime,
        &directory,
        &workload("head -c 300M /dev/zero | tail | wc -c", cgroups),
    )
    .await?;
    anyhow::ensure!(!log.contains("314572800"), "300 MiB fitted into 128");
    Ok(format!(
        "a workload over its memory is ended ({})",
        exit.reason.unwrap_or_else(|| "by the kernel".to_owned())
    ))
}
