//! The server process, held by a thread of its own.

use std::{
    fs, io,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, ExitStatus},
    sync::mpsc::{self, Receiver, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use nix::{
    sys::{
        prctl,
        signal::{Signal, kill},
    },
    unistd::{Pid, getppid},
};

use crate::error::{Error, Trying};

const POLL: Duration = Duration::from_millis(10);
/// How long each way to shut down may take before the next, harsher one.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// A running server. Stops it when dropped.
///
/// The kernel's parent-death signal follows the *thread* that started a process, not the program: were the server
/// started from a pool's worker, it would die with that worker. So a thread that does nothing else starts and keeps it.
#[derive(Debug)]
pub(crate) struct Postmaster {
    pid: Pid,
    stop: Sender<Signal>,
    ended: Receiver<io::Result<ExitStatus>>,
    keeper: Option<JoinHandle<()>>,
    first_signal: Signal,
}

impl Postmaster {
    /// Starts `command`; `first_signal` is what it gets when dropped, SIGINT to write everything down, SIGQUIT not to.
    pub(crate) fn spawn(mut command: Command, first_signal: Signal) -> Result<Self, Error> {
        let (started, on_start) = mpsc::channel();
        let (stop, on_stop) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let owner = Pid::this();
        // SAFETY: the closure runs between fork and exec and makes only system calls, no allocation and no locks.
        unsafe {
            command.pre_exec(move || {
                prctl::set_pdeathsig(Signal::SIGINT)?;
                // The owner may have died before the line above.
                if getppid() == owner {
                    Ok(())
                } else {
                    Err(io::Error::from(io::ErrorKind::BrokenPipe))
                }
            })
        };
        // Its own process group: a Ctrl-C on the terminal must reach the server after its clients, from us.
        command.process_group(0);
        let keeper = thread::Builder::new()
            .name("postgres".into())
            .spawn(move || match command.spawn() {
                Err(error) => drop(started.send(Err(error))),
                Ok(child) => {
                    drop(started.send(Ok(child.id())));
                    drop(end.send(keep(child, &on_stop)));
                }
            })
            .trying(|| "start a thread for Postgres".into())?;
        let id = on_start
            .recv()
            .unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
            .trying(|| "run `postgres`".into())?;
        let pid = Pid::from_raw(i32::try_from(id).unwrap_or(i32::MAX));
        Ok(Self {
            pid,
            stop,
            ended,
            keeper: Some(keeper),
            first_signal,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid.as_raw().unsigned_abs()
    }

    /// Waits until the server takes connections, as it says itself on the last line of its pid file.
    pub(crate) fn wait_until_ready(&self, data: &Path, patience: Duration) -> Result<(), String> {
        let deadline = Instant::now() + patience;
        loop {
            if let Ok(status) = self.ended.try_recv() {
                return Err(match status {
                    Ok(status) => format!("it ended with {status}"),
                    Err(error) => format!("it could not be watched: {error}"),
                });
            }
            let pid_file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
            let mut lines = pid_file.lines();
            let ours = lines.next().and_then(|line| line.trim().parse().ok()) == Some(self.pid.as_raw());
            if ours && lines.nth(6).is_some_and(|line| line.trim() == "ready") {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(format!("it was not ready after {} s", patience.as_secs()));
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        for signal in [self.first_signal, Signal::SIGQUIT, Signal::SIGKILL] {
            // Fails only when the server and its keeper have already ended.
            let _ = self.stop.send(signal);
            if !matches!(self.ended.recv_timeout(STOP_PATIENCE), Err(RecvTimeoutError::Timeout)) {
                break;
            }
        }
        if let Some(keeper) = self.keeper.take() {
            drop(keeper.join());
        }
    }
}

/// Waits for the child to end and passes signals on to it; only this thread reaps it, so the number stays its own.
fn keep(mut child: Child, on_stop: &Receiver<Signal>) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        match on_stop.recv_timeout(POLL) {
            Ok(signal) => kill(Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX)), signal)?,
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return child.wait(),
        }
    }
}
