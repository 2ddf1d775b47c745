//! What a provider configures: one TOML file, with environment variables on top.

mod reader;
mod schema;

use gantry_protocol::{Rate, class::Name};
use gantry_sdk::Pubkey;
use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

/// Environment variables that begin like this override the file: `GANTRY_AGENT_RPC_URL`, and with two underscores the keys inside a
/// section: `GANTRY_AGENT_LIMITS__CPUS`.
pub const ENVIRONMENT_PREFIX: &str = "GANTRY_AGENT_";

/// Everything that the agent needs to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// JSON-RPC endpoint of the chain.
    pub rpc_url: String,
    /// Websocket endpoint of the chain.
    pub ws_url: String,
    /// Where the agent keeps its keys, its receipt log and its jobs.
    pub data_dir: PathBuf,
    /// The provider's wallet, in Solana's JSON format.
    pub wallet: PathBuf,
    /// The hot key; generated at the first start.
    pub attestation_key: PathBuf,
    /// Where the HTTPS server listens.
    pub listen: SocketAddr,
    /// The URL under which tenants reach it; written on chain.
    pub endpoint: String,
    /// Region, such as `eu-central`.
    pub region: Name,
    /// GPU class, when it should not be derived from the GPUs' model.
    pub class: Option<Name>,
    /// Rate per GPU by mint.
    pub prices: BTreeMap<Pubkey, Rate>,
    /// Shortest job in seconds.
    pub min_duration_s: u32,
    /// Longest job in seconds.
    pub max_duration_s: u32,
    /// How often a running job gets a receipt.
    pub receipt_interval: Duration,
    /// How often co-signed receipts are settled on chain while jobs run.
    pub settle_interval: Duration,
    /// How long the files of an ended job are kept for its tenant.
    pub keep_ended: Duration,
    /// Whether workloads run on when the agent is told to stop, so that it can be replaced under them.
    pub keep_workloads: bool,
    /// Whether to serve also where no control groups can be made. Limits are per process there: CPU affinity can be undone by the
    /// workload, and shared memory counts for nobody, so that one tenant can starve the machine. With simulated GPUs, whose machines
    /// are for trying things out, this is only warned of.
    pub allow_weak_limits: bool,
    /// Free disk space in MiB below which neither bundles nor new jobs are taken, so that those that run can go on.
    pub disk_reserve_mib: u64,
    /// Active stake that the provider wants bonded, in base units of the network token.
    pub stake: Option<u64>,
    /// What one job may use.
    pub limits: Limits,
    /// GPUs to simulate instead of looking for real ones.
    pub simulated_gpu: Option<SimulatedGpu>,
}

/// Bounds of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// CPU cores.
    pub cpus: u32,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Largest bundle as it is sent, compressed.
    pub bundle_bytes: u64,
    /// Largest bundle when it is unpacked, in files.
    pub bundle_files: u64,
    /// Largest sum of what lies in the working and output directories, and of files there that were removed and are still open. The
    /// latter are counted only where control groups can be made.
    pub out_bytes: u64,
    /// Most bytes of standard output and error that are kept.
    pub log_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpus: 2,
            memory_mib: 2_048,
            processes: 512,
            bundle_bytes: 256 << 20,
            bundle_files: 20_000,
            out_bytes: 4 << 30,
            log_bytes: 64 << 20,
        }
    }
}

/// GPUs that do not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulatedGpu {
    /// How many.
    pub count: u16,
    /// Memory of each in MiB.
    pub memory_mib: u32,
}

impl Default for SimulatedGpu {
    fn default() -> Self {
        Self {
            count: 1,
            memory_mib: 16_384,
        }
    }
}

/// Everything that is wrong with a configuration, at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    /// The file.
    pub file: PathBuf,
    /// One sentence each.
    pub mistakes: Vec<String>,
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.mistakes.len();
        let noun = if count == 1 { "mistake" } else { "mistakes" };
        write!(f, "{} has {count} {noun}:", self.file.display())?;
        self.mistakes
            .iter()
            .try_for_each(|mistake| write!(f, "\n  - {mistake}"))
    }
}

impl std::error::Error for Mistakes {}

impl Config {
    /// Reads a file and this process's environment.
    ///
    /// # Errors
    /// All [`Mistakes`] at once.
    pub fn load(file: &Path) -> Result<Self, Mistakes> {
        let failed = |mistake: String| Mistakes {
            file: file.to_owned(),
            mistakes: vec![mistake],
        };
        let text = std::fs::read_to_string(file).map_err(|error| failed(format!("it cannot be read: {error}")))?;
        Self::read(file, &text, std::env::vars())
    }

    /// Reads a file's text with an environment on top. Relative paths are relative to the file.
    ///
    /// # Errors
    /// All [`Mistakes`] at once.
    pub fn read(
        file: &Path,
        text: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, Mistakes> {
        let failed = |mistakes: Vec<String>| Mistakes {
            file: file.to_owned(),
            mistakes,
        };
        let mut table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| failed(vec![format!("it is not TOML: {error}")]))?;
        reader::override_from(&mut table, environment);
        let here = file.parent().unwrap_or_else(|| Path::new("."));
        schema::read(&table, here).map_err(failed)
    }
}
