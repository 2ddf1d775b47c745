//! The network's own processes: started with a log each, watched, and stopped with us.

use std::{
    fs::{self, File},
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use nix::{
    sys::{
        prctl,
        signal::{Signal, kill},
        wait::{Id, WaitPidFlag, waitid},
    },
    unistd::{Pid, getppid},
};
use tokio::sync::watch;

/// How long a process may take to clean up after itself.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
const LOG_TAIL_LINES: usize = 15;

/// How to start a process: kept, so that it can be started again.
#[derive(Clone, Debug)]
pub(crate) struct Recipe {
    /// What people call it.
    pub(crate) name: String,
    /// The program's file.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// Additions to our own environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Where its output goes.
    pub(crate) log: PathBuf,
}

/// A running process. Killed when dropped; see [`Process::stop`] for the friendly way.
#[derive(Debug)]
pub(crate) struct Process {
    recipe: Recipe,
    /// None once the process has ended, so that no signal can reach a stranger with the same number.
    pid: Arc<Mutex<Option<Pid>>>,
    number: u32,
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl Process {
    /// Starts a process. Its log is begun anew, or continued when it is started `again`.
    pub(crate) fn start(recipe: Recipe, again: bool) -> Result<Self> {
        let log = File::options()
            .create(true)
            .write(true)
            .append(again)
            .truncate(!again)
            .open(&recipe.log)
            .with_context(|| format!("cannot write {}", recipe.log.display()))?;
        let mut command = Command::new(&recipe.program);
        command
            .args(&recipe.arguments)
            .envs(recipe.environment.iter().map(|(name, value)| (name, value)))
            // Logs are files.
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Its own group: a Ctrl-C on the terminal reaches us alone, and we stop our processes in the right order.
            .process_group(0);
        die_with_us(&mut command);

        let pid = Arc::new(Mutex::new(None));
        let (end, ended) = watch::channel(None);
        let (started, on_start) = mpsc::channel();
        let kept = pid.clone();
        // The kernel ties "dies with its parent" to the thread that started the process, so that thread stays to watch it.
        thread::Builder::new()
            .name(recipe.name.clone())
            .spawn(move || match command.spawn() {
                Err(error) => drop(started.send(Err(error))),
                Ok(child) => {
                    let number = child.id();
                    *lock(&kept) = Some(pid_of(&child));
                    drop(started.send(Ok(number)));
                    // Fails only when nobody waits for the end any more.
                    let _ = end.send(Some(wait(child, &kept)));
                }
            })?;
        let number = on_start
            .recv()
            .unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
            .with_context(|| {
                format!(
                    "cannot start {}; build it with `cargo build --workspace`",
                    recipe.program.display()
                )
            })?;
        Ok(Self {
            recipe,
            pid,
            number,
            ended,
        })
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        &self.recipe.name
    }

    /// Its process number.
    pub(crate) fn pid(&self) -> u32 {
        self.number
    }

    /// How to start it again.
    pub(crate) fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    /// Waits for its end.
    pub(crate) async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            // The watching thread is gone without a word; so is the process.
            Err(_) => ExitStatus::from_raw(Signal::SIGKILL as i32),
        }
    }

    /// Asks the process to stop and makes it when it does not.
    pub(crate) async fn stop(&self) {
        self.signal(Signal::SIGTERM);
        if tokio::time::timeout(STOP_PATIENCE, self.ended()).await.is_err() {
            tracing::warn!(
                "{} did not stop within {} s and is killed",
                self.name(),
                STOP_PATIENCE.as_secs()
            );
            self.signal(Signal::SIGKILL);
            self.ended().await;
        }
    }

    /// What happened, with the last lines of its log, for people.
    pub(crate) fn obituary(&self, status: ExitStatus) -> String {
        let how = match (status.code(), status.signal()) {
            (Some(code), _) => format!("exited with code {code}"),
            (_, Some(signal)) => match Signal::try_from(signal) {
                Ok(signal) => format!("was ended by {signal}"),
                Err(_) => format!("was ended by signal {signal}"),
            },
            _ => "ended".to_owned(),
        };
        let tail = log_tail(&self.recipe.log);
        format!(
            "{} {how}; the end of {}:\n{tail}",
            self.name(),
            self.recipe.log.display()
        )
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = *lock(&self.pid) {
            // Fails only when the process has just ended.
            let _ = kill(pid, signal);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::SIGKILL);
    }
}

/// The last lines of a log, indented.
pub(crate) fn log_tail(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    let tail = &lines[lines.len().saturating_sub(LOG_TAIL_LINES)..];
    if tail.is_empty() {
        "    (it wrote nothing)".into()
    } else {
        tail.iter()
            .map(|line| format!("    {line}"))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// Makes the kernel kill the process when we die, even by `kill -9`.
pub(crate) fn die_with_us(command: &mut Command) {
    let us = Pid::this();
    // SAFETY: the closure runs between fork and exec and makes only system calls, no allocation and no locks.
    unsafe {
        command.pre_exec(move || {
            prctl::set_pdeathsig(Signal::SIGKILL)?;
            // We may have died before the line above.
            if getppid() == us {
                Ok(())
            } else {
                Err(io::Error::from(io::ErrorKind::BrokenPipe))
            }
        })
    };
}

fn wait(mut child: Child, pid: &Mutex<Option<Pid>>) -> ExitStatus {
    // The number stays taken until `wait` below, so nobody can be given it while it is still in the mutex.
    while let Err(nix::errno::Errno::EINTR) =
        waitid(Id::Pid(pid_of(&child)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)
    {}
    *lock(pid) = None;
    child
        .wait()
        .unwrap_or_else(|_| ExitStatus::from_raw(Signal::SIGKILL as i32))
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

fn lock(pid: &Mutex<Option<Pid>>) -> std::sync::MutexGuard<'_, Option<Pid>> {
    pid.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(dir: &Path, script: &str) -> Recipe {
        Recipe {
            name: "shell".into(),
            program: "/bin/sh".into(),
            arguments: vec!["-c".into(), script.into()],
            environment: vec![],
            log: dir.join("shell.log"),
        }
    }

    #[tokio::test]
    async fn an_unexpected_end_is_reported_with_the_end_of_the_log() {
        let dir = tempfile::tempdir().unwrap();
        let process = Process::start(shell(dir.path(), "seq 100; exit 3"), false).unwrap();
        let status = process.ended().await;
        let obituary = process.obituary(status);
        assert!(obituary.contains("shell exited with code 3"), "{obituary}");
        assert!(obituary.ends_with("    100"), "{obituary}");
        assert!(!obituary.contains(" 85\n"), "{obituary}");
    }

    #[tokio::test]
    async fn stopping_lets_a_process_clean_up() {
        let dir = tempfile::tempdir().unwrap();
        let script = "trap 'echo cleaned up; exit 0' TERM; echo ready; while :; do sleep 0.05; done";
        let process = Process::start(shell(dir.path(), script), false).unwrap();
        while !log_tail(&dir.path().join("shell.log")).contains("ready") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        process.stop().await;
        assert_eq!(process.ended().await.code(), Some(0));
        assert!(log_tail(&dir.path().join("shell.log")).contains("cleaned up"));
    }

    #[tokio::test]
    async fn a_restarted_process_continues_its_log() {
        let dir = tempfile::tempdir().unwrap();
        for again in [false, true] {
            Process::start(shell(dir.path(), "echo one more"), again)
                .unwrap()
                .ended()
                .await;
        }
        assert_eq!(log_tail(&dir.path().join("shell.log")), "    one more\n    one more");
    }

    #[tokio::test]
    async fn a_program_that_is_not_built_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let recipe = Recipe {
            program: dir.path().join("gantry-indexer"),
            ..shell(dir.path(), "")
        };
        let refused = Process::start(recipe, false).unwrap_err();
        assert!(
            format!("{refused:#}").contains("gantry-indexer; build it with `cargo build --workspace`"),
            "{refused:#}"
        );
    }
}
