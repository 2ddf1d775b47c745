//! What an owner that was killed left running or lying about.
//!
//! Call only while holding the cluster's lock: then no living owner exists, and a server on this directory is an orphan.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use nix::{
    errno::Errno,
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::error::{Error, Trying};

/// An orphan got its signal to shut down with its owner's death; a checkpoint on a slow disk takes a while.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(15);
const POLL: Duration = Duration::from_millis(10);

/// Waits for an orphaned server on `data` to end, ends it when it does not, and removes a pid file that names no server.
///
/// Postgres itself takes any living process with the recorded number for a server, and numbers are used again.
pub(crate) fn clear(data: &Path) -> Result<(), Error> {
    let pid_file = data.join("postmaster.pid");
    let Some(pid) = recorded_pid(&pid_file) else {
        return Ok(());
    };

    for (patience, signal) in [
        (ORPHAN_PATIENCE, Signal::SIGINT),
        (Duration::from_secs(5), Signal::SIGQUIT),
        (Duration::from_secs(5), Signal::SIGKILL),
    ] {
        if !serves(pid, data) {
            break;
        }
        match kill(pid, signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(source) => {
                return Err(source.into())
                    .trying(|| format!("stop the server {pid} that a killed owner left on {}", data.display()));
            }
        }
        let deadline = Instant::now() + patience;
        while serves(pid, data) && Instant::now() < deadline {
            thread::sleep(POLL);
        }
    }
    match fs::remove_file(&pid_file) {
        Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.trying(|| format!("remove the stale {}", pid_file.display())),
    }
}

fn recorded_pid(pid_file: &Path) -> Option<Pid> {
    let first_line = fs::read_to_string(pid_file).ok()?.lines().next()?.trim().parse().ok()?;
    Some(Pid::from_raw(first_line)).filter(|pid| pid.as_raw() > 1)
}

/// Whether `pid` is a server on `data`: a server works inside its data directory.
fn serves(pid: Pid, data: &Path) -> bool {
    let cwd = fs::read_link(PathBuf::from(format!("/proc/{pid}/cwd")));
    cwd.is_ok_and(|cwd| data.canonicalize().is_ok_and(|data| cwd == data))
}
