//! Runs workloads so that they survive the agent, and nothing survives the job.
//!
//! Each workload has a supervisor of its own: a small process of this same binary that outlives the agent, owns the sandbox, writes
//! the log and the exit status, and ends the workload at the job's deadline even when the agent is away. A restarted agent finds it
//! again by its process id and start time.

pub mod cgroup;
pub mod directory;
mod ending;
mod limits;
pub mod process;
pub mod sandbox;
pub mod spec;
pub mod supervisor;

mod supervised;
mod user;

pub use supervised::SupervisedRuntime;

use futures::future::BoxFuture;
use gantry_sdk::wire::Exit;
use std::{io, path::PathBuf, time::Duration};

use directory::JobDirectory;
use spec::WorkloadSpec;

/// Why a workload could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// Bubblewrap is missing.
    #[error(
        "bubblewrap (bwrap) is not installed, and without it no workload is run; on Debian: apt-get install bubblewrap"
    )]
    NoBubblewrap,
    /// A file of the job cannot be used.
    #[error("{path}: {source}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The supervisor did not start.
    #[error("the workload's supervisor did not start: {0}")]
    Supervisor(String),
}

/// A running workload.
pub trait Workload: Send + Sync {
    /// Waits until it has ended. May be called again and by several.
    fn ended(&self) -> BoxFuture<'_, Exit>;

    /// How long ago it ended, for one that has; zero when that is not known.
    fn ended_ago(&self) -> Duration;

    /// Asks for its end; [`Self::ended`] says when it has come. Nothing of it runs afterwards.
    fn end(&self);
}

/// What was found of a workload that an earlier agent may have started.
pub enum Found {
    /// It was never started.
    Nothing,
    /// It runs.
    Running(Box<dyn Workload>),
    /// It has ended.
    Ended(Exit),
}

/// A way to run workloads.
pub trait Runtime: Send + Sync {
    /// Starts a workload in a job's directory.
    fn launch<'a>(
        &'a self,
        directory: &'a JobDirectory,
        spec: &'a WorkloadSpec,
    ) -> BoxFuture<'a, Result<Box<dyn Workload>, RuntimeError>>;

    /// Looks for a workload that was started before.
    fn find<'a>(&'a self, directory: &'a JobDirectory) -> BoxFuture<'a, Result<Found, RuntimeError>>;
}
