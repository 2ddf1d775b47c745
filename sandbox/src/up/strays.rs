//! Processes that would outlive the network. An agent's workloads have supervisors that go on without it, so that a job survives its
//! agent; when the network itself goes, nothing of it may stay.
//!
//! Invariant: every process of a run, and whatever it starts, carries the run's mark in its environment.

use std::{
    fs, io,
    os::unix::ffi::OsStrExt as _,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use nix::{
    sys::signal::{SigHandler, Signal, kill, signal},
    unistd::{Pid, setsid},
};

/// The variable that holds a run's directory.
pub(crate) const MARK: &str = "GANTRY_NETWORK_RUN";

/// How long a process may take to clean up after itself.
const PATIENCE: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(20);

/// Ends the processes of the run in this directory.
pub(crate) fn end_run(run: &Path) {
    end(&[MARK.as_bytes(), b"=", run.as_os_str().as_bytes(), b"\0"].concat());
}

/// Ends the processes of all runs in this data directory, whose networks were killed together with those who watched over them.
pub(crate) fn end_all_runs(data_dir: &Path) {
    let runs = data_dir.join("run-");
    end(&[MARK.as_bytes(), b"=", runs.as_os_str().as_bytes()].concat());
}

/// Asks all processes with this in their environment to end, again and again since one may just be starting another, and then makes them.
fn end(mark: &[u8]) {
    let began = Instant::now();
    // A process that is just becoming another program shows no environment for a moment, so one look that finds none says nothing.
    let mut found_none = false;
    loop {
        let strays = marked(mark);
        if strays.is_empty() && found_none {
            return;
        }
        found_none = strays.is_empty();
        let waited = began.elapsed();
        if waited > 2 * PATIENCE {
            tracing::warn!("processes that do not end even when killed: {strays:?}");
            return;
        }
        let how = if waited > PATIENCE {
            Signal::SIGKILL
        } else {
            Signal::SIGTERM
        };
        for stray in strays {
            // Fails only when the process has just ended.
            let _ = kill(stray, how);
        }
        sleep(POLL);
    }
}

fn marked(mark: &[u8]) -> Vec<Pid> {
    let Ok(processes) = fs::read_dir("/proc") else {
        return vec![];
    };
    processes
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .map(Pid::from_raw)
        .filter(|pid| *pid != Pid::this() && carries(*pid, mark))
        .collect()
}

fn carries(pid: Pid, mark: &[u8]) -> bool {
    // What belongs to others cannot be read, and is none of ours.
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let begins = |at: usize| at == 0 || environment[at - 1] == 0;
    environment
        .windows(mark.len())
        .enumerate()
        .any(|(at, window)| window == mark && begins(at))
}

/// A process that outlives ours, however that ends, by as long as it takes to end the run's processes.
#[derive(Debug)]
pub(crate) struct Watchdog {
    child: Child,
    /// Closed by the kernel when we die. Nobody else has this end.
    pipe: Option<ChildStdin>,
}

impl Watchdog {
    /// Starts it for the run in this directory.
    pub(crate) fn start(run: &Path) -> Result<Self> {
        let own = std::env::current_exe().context("cannot find this program's own file")?;
        let mut child = Command::new(own)
            .arg("watch-over")
            .arg(run)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .context("cannot start the process that ends workloads when this one is killed")?;
        let pipe = child.stdin.take();
        Ok(Self { child, pipe })
    }

    /// Its process number.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Watchdog {
    /// Waits until nothing of the run is left.
    fn drop(&mut self) {
        drop(self.pipe.take());
        let _ = self.child.wait();
    }
}

/// What the watchdog does: waits until the network's process is gone, and ends what is left of its run.
pub(crate) fn watch_over(run: &Path) {
    // Whatever ends the network on purpose may reach us as well; we end after it.
    let _ = setsid();
    for deaf_to in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: no handler is installed, only the default one taken away.
        let _ = unsafe { signal(deaf_to, SigHandler::SigIgn) };
    }
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    end_run(run);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeping(run: &Path) -> Child {
        Command::new("sleep").arg("60").env(MARK, run).spawn().unwrap()
    }

    #[test]
    fn the_processes_of_one_run_are_ended_and_no_others() {
        let dir = tempfile::tempdir().unwrap();
        let [mut ours, mut longer] = ["run-1", "run-12"].map(|run| sleeping(&dir.path().join(run)));
        end_run(&dir.path().join("run-1"));
        assert!(!ours.wait().unwrap().success());
        assert_eq!(longer.try_wait().unwrap(), None);
        end_all_runs(dir.path());
        assert!(!longer.wait().unwrap().success());
    }

    #[test]
    fn a_process_that_does_not_listen_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let run = dir.path().join("run-1");
        let mut deaf = Command::new("sh")
            .args(["-c", "trap '' TERM; while :; do sleep 0.05; done"])
            .env(MARK, &run)
            .spawn()
            .unwrap();
        let began = Instant::now();
        end_run(&run);
        assert!(!deaf.wait().unwrap().success());
        assert!(began.elapsed() < 2 * PATIENCE);
    }
}
