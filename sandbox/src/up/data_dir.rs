//! The directory that belongs to one running network at a time.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read, Write},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail};

use super::strays::MARK;

/// Runs that are kept so that their logs and keys can be looked at afterwards.
const KEPT_RUNS: usize = 5;

/// The data directory, locked, with a fresh directory for this run.
#[derive(Debug)]
pub(crate) struct DataDir {
    root: PathBuf,
    run: PathBuf,
    name: String,
    /// The kernel releases it with this process, however that ends.
    _lock: File,
}

impl DataDir {
    /// Takes the directory, or says who has it.
    pub(crate) fn take(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).with_context(|| format!("cannot create {}", root.display()))?;
        let root = root
            .canonicalize()
            .with_context(|| format!("cannot open {}", root.display()))?;
        let lock = lock(&root)?;
        let started = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .context("the clock is before 1970")?;
        // Milliseconds sort by age and keep two quick starts apart.
        let name = format!("run-{}", started.as_millis());
        let run = root.join(&name);
        fs::create_dir_all(run.join("keys")).with_context(|| format!("cannot create {}", run.display()))?;
        let logs = root.join("logs");
        fs::create_dir_all(&logs).with_context(|| format!("cannot create {}", logs.display()))?;
        let taken = Self {
            root,
            run,
            name,
            _lock: lock,
        };
        taken.forget_old_runs()?;
        Ok(taken)
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The mark of this run's processes, as a variable of their environment.
    pub(crate) fn mark(&self) -> (String, String) {
        (MARK.to_owned(), self.run.display().to_string())
    }

    /// Where it is noted which databases were made on the user's own server, until they are removed.
    pub(crate) fn databases(&self) -> PathBuf {
        self.root.join("databases")
    }

    /// This run's name, unique in this directory and usable in a database's name.
    pub(crate) fn run_name(&self) -> &str {
        &self.name
    }

    /// What belongs to this run alone: a new chain knows nothing of an old one's keys and accounts.
    pub(crate) fn run(&self) -> &Path {
        &self.run
    }

    /// The processes' logs; each start begins them anew.
    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// A file for the shell with what `gantry` needs to know.
    pub(crate) fn environment(&self) -> PathBuf {
        self.root.join("env")
    }

    /// The private Postgres, which outlives runs because creating it takes longest.
    pub(crate) fn postgres(&self) -> PathBuf {
        self.root.join("postgres")
    }

    /// The names of earlier runs that are still kept.
    pub(crate) fn kept_runs(&self) -> Result<Vec<String>> {
        let entries = fs::read_dir(&self.root).with_context(|| format!("cannot list {}", self.root.display()))?;
        let mut runs: Vec<String> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| name.starts_with("run-"))
            .collect();
        runs.sort();
        Ok(runs)
    }

    fn forget_old_runs(&self) -> Result<()> {
        let runs = self.kept_runs()?;
        for old in &runs[..runs.len().saturating_sub(KEPT_RUNS)] {
            let old = self.root.join(old);
            fs::remove_dir_all(&old).with_context(|| format!("cannot remove the old {}", old.display()))?;
        }
        Ok(())
    }
}

fn lock(root: &Path) -> Result<File> {
    let path = root.join("lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    if file.try_lock().is_err() {
        let mut owner = String::new();
        // Only a better message hangs on it.
        let _ = file.read_to_string(&mut owner);
        bail!(
            "a network is already running in {} (process {}); stop it with Ctrl-C, or choose another --data-dir",
            root.display(),
            owner.trim()
        );
    }
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_networks_in_one_directory_are_refused_with_the_first_ones_process() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::take(dir.path()).unwrap();
        let refused = DataDir::take(dir.path()).unwrap_err().to_string();
        assert!(
            refused.contains(&format!("process {}", std::process::id())),
            "{refused}"
        );
        drop(first);
        DataDir::take(dir.path()).unwrap();
    }

    #[test]
    fn only_the_newest_runs_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        for old in 1..=9 {
            fs::create_dir(dir.path().join(format!("run-170000000000{old}"))).unwrap();
        }
        let taken = DataDir::take(dir.path()).unwrap();
        let kept = taken.kept_runs().unwrap();
        assert_eq!(kept.len(), KEPT_RUNS);
        assert_eq!(kept[0], "run-1700000000006");
        assert_eq!(kept[4], taken.run_name());
    }
}
