//! What a supervisor shall run, and within which bounds.

use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf};

use super::cgroup::Cgroups;

/// A workload: written by the agent, read by the supervisor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadSpec {
    /// Program and arguments.
    pub command: Vec<String>,
    /// The tenant's environment.
    pub environment: BTreeMap<String, String>,
    /// Names of the job's GPUs, for `GANTRY_GPUS`.
    pub gpus: Vec<String>,
    /// Device files of these GPUs.
    pub devices: Vec<PathBuf>,
    /// Longest that it may run, in milliseconds: the supervisor ends it then, also when no agent is there.
    pub deadline_ms: u64,
    /// What it may use.
    pub bounds: Bounds,
    /// Control groups to put it in.
    pub cgroups: Cgroups,
}

/// What a workload may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bounds {
    /// CPU cores.
    pub cpus: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Sum of all files in the working and output directories, in bytes.
    pub disk_bytes: u64,
    /// Standard output and error, in bytes; what comes after is dropped.
    pub log_bytes: u64,
}
