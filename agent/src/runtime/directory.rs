//! Where the files of one job lie.

use gantry_sdk::Pubkey;
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::RuntimeError;

/// The directory of one job, below the agent's data directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobDirectory {
    path: PathBuf,
}

impl JobDirectory {
    /// The directory of `job`; nothing is created yet.
    #[must_use]
    pub fn of(data_dir: &Path, job: &Pubkey) -> Self {
        Self {
            path: data_dir.join("jobs").join(job.to_string()),
        }
    }

    /// A directory whose path is known.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Its path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bundle as it was uploaded.
    #[must_use]
    pub fn bundle(&self) -> PathBuf {
        self.path.join("bundle.tar.gz")
    }

    /// The unpacked bundle, in which the workload runs: its own copy, so it may write there.
    #[must_use]
    pub fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    /// What the workload leaves for its tenant.
    #[must_use]
    pub fn out(&self) -> PathBuf {
        self.path.join("out")
    }

    /// The packed output directory.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        self.path.join("results.tar.gz")
    }

    /// Standard output and error.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.path.join("output.log")
    }

    /// What the supervisor shall run.
    #[must_use]
    pub fn spec(&self) -> PathBuf {
        self.path.join("spec.json")
    }

    /// Milliseconds from its start after which the supervisor ends the workload, once the job was extended.
    #[must_use]
    pub fn deadline(&self) -> PathBuf {
        self.path.join("deadline.json")
    }

    /// Lets the workload run until this many milliseconds from its start.
    ///
    /// # Errors
    /// [`RuntimeError::Io`].
    pub fn extend(&self, deadline_ms: u64) -> Result<(), RuntimeError> {
        write_json(&self.deadline(), &deadline_ms)
    }

    /// Held by the supervisor as long as it lives; names it.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.path.join("supervisor.lock")
    }

    /// What the supervisor itself has to say.
    #[must_use]
    pub fn supervisor_log(&self) -> PathBuf {
        self.path.join("supervisor.log")
    }

    /// How the workload ended.
    #[must_use]
    pub fn exit(&self) -> PathBuf {
        self.path.join("exit.json")
    }

    /// Creates the directories that a workload needs.
    ///
    /// # Errors
    /// [`RuntimeError::Io`].
    pub fn create(&self) -> Result<(), RuntimeError> {
        for path in [self.path.clone(), self.work(), self.out()] {
            fs::create_dir_all(&path).map_err(failed(&path))?;
        }
        Ok(())
    }
}

/// Names the file in an I/O error.
pub(crate) fn failed(path: &Path) -> impl FnOnce(io::Error) -> RuntimeError + '_ {
    move |source| RuntimeError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Writes JSON so that a reader sees all of it or nothing, also after a crash.
pub(crate) fn write_json(path: &Path, value: &impl Serialize) -> Result<(), RuntimeError> {
    let write = || {
        let part = path.with_extension("part");
        let mut file = File::create(&part)?;
        serde_json::to_writer(&mut file, value)?;
        file.flush()?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        path.parent()
            .map_or(Ok(()), |directory| File::open(directory)?.sync_all())
    };
    write().map_err(failed(path))
}

/// Reads JSON; `None` when there is no such file.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, RuntimeError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| failed(path)(error.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(path)(error)),
    }
}
