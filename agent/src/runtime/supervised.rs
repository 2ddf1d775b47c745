//! Starts supervisors, and finds those that an earlier agent started.

use futures::{FutureExt, future::BoxFuture};
use gantry_sdk::wire::Exit;
use std::{
    fs::{self, File, TryLockError},
    path::PathBuf,
    process::Stdio,
    time::Duration,
};
use tokio::{io::unix::AsyncFd, process::Command, time::sleep};

use super::{
    Found, Runtime, RuntimeError, Workload,
    directory::{JobDirectory, failed, read_json, write_json},
    ending::Ending,
    process::{Identity, Pidfd},
    sandbox,
    spec::WorkloadSpec,
};

/// How long a supervisor may take to come to life.
const START_PATIENCE: Duration = Duration::from_secs(10);
/// How often a starting supervisor is looked for.
const START_INTERVAL: Duration = Duration::from_millis(5);
/// How long a supervisor that was asked to end its workload may take before it is killed, which kills the workload as well.
const END_PATIENCE: Duration = Duration::from_secs(10);

/// Runs each workload under a supervisor of its own.
#[derive(Clone, Debug)]
pub struct SupervisedRuntime {
    program: PathBuf,
}

impl SupervisedRuntime {
    /// Starts supervisors as `program supervise DIRECTORY`; `program` is the agent's own binary.
    ///
    /// # Errors
    /// [`RuntimeError::NoBubblewrap`].
    pub fn new(program: PathBuf) -> Result<Self, RuntimeError> {
        sandbox::find_bubblewrap()
            .map(|_| Self { program })
            .ok_or(RuntimeError::NoBubblewrap)
    }

    async fn start(&self, directory: &JobDirectory, spec: &WorkloadSpec) -> Result<Box<dyn Workload>, RuntimeError> {
        directory.create()?;
        write_json(&directory.spec(), spec)?;
        let log = directory.supervisor_log();
        let log = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .map_err(failed(&log))?;
        let log_too = log.try_clone().map_err(failed(directory.path()))?;
        let mut child = Command::new(&self.program)
            .arg("supervise")
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(log_too)
            .spawn()
            .map_err(failed(&self.program))?;
        let found = async {
            loop {
                match look(directory)? {
                    Found::Nothing => {}
                    found => return Ok(found),
                }
                if let Ok(Some(status)) = child.try_wait() {
                    let said = fs::read_to_string(directory.supervisor_log()).unwrap_or_default();
                    return Err(RuntimeError::Supervisor(format!("{status}; it said: {}", said.trim())));
                }
                sleep(START_INTERVAL).await;
            }
        };
        let found = tokio::time::timeout(START_PATIENCE, found).await;
        if !matches!(found, Ok(Ok(_))) {
            // Whatever comes to life late must not run unseen.
            let _ = child.start_kill();
        }
        // While this agent lives, it is the one to collect the supervisor's end.
        tokio::spawn(async move { child.wait().await });
        match found {
            Ok(Ok(Found::Running(workload))) => Ok(workload),
            Ok(Ok(Found::Ended(exit))) => Ok(Box::new(EndedWorkload(exit))),
            Ok(Ok(Found::Nothing)) | Err(_) => Err(RuntimeError::Supervisor("it did not come to life".to_owned())),
            Ok(Err(error)) => Err(error),
        }
    }
}

/// Looks at the files of a job, without judging: [`Found::Nothing`] also while a supervisor is coming to life.
fn look(directory: &JobDirectory) -> Result<Found, RuntimeError> {
    if let Some(ending) = read_json::<Ending>(&directory.exit())? {
        return Ok(Found::Ended(ending.exit));
    }
    let named = fs::read(directory.lock())
        .ok()
        .and_then(|name| serde_json::from_slice::<Identity>(&name).ok());
    let Some(pidfd) = named.as_ref().and_then(Identity::open) else {
        return Ok(Found::Nothing);
    };
    let watched = pidfd.watch().map_err(failed(directory.path()))?;
    Ok(Found::Running(Box::new(SupervisedWorkload {
        directory: directory.clone(),
        supervisor: watched,
    })))
}

impl Runtime for SupervisedRuntime {
    fn launch<'a>(
        &'a self,
        directory: &'a JobDirectory,
        spec: &'a WorkloadSpec,
    ) -> BoxFuture<'a, Result<Box<dyn Workload>, RuntimeError>> {
        self.start(directory, spec).boxed()
    }

    fn find<'a>(&'a self, directory: &'a JobDirectory) -> BoxFuture<'a, Result<Found, RuntimeError>> {
        async move {
            if !directory.spec().exists() {
                return Ok(Found::Nothing);
            }
            let path = directory.lock();
            let lock = File::options()
                .create(true)
                .truncate(false)
                .write(true)
                .open(&path)
                .map_err(failed(&path))?;
            match lock.try_lock() {
                // A supervisor lives. Its name follows a moment after the lock.
                Err(TryLockError::WouldBlock) => {
                    for _ in 0..200 {
                        match look(directory)? {
                            Found::Nothing => sleep(START_INTERVAL).await,
                            found => return Ok(found),
                        }
                    }
                    Err(RuntimeError::Supervisor(
                        "it holds its lock but does not say who it is".to_owned(),
                    ))
                }
                Err(TryLockError::Error(error)) => Err(failed(&path)(error)),
                // None lives. Writing the end down while the lock is held keeps one that is still coming to life from starting.
                Ok(()) => match look(directory)? {
                    Found::Ended(exit) => Ok(Found::Ended(exit)),
                    _ => {
                        let exit = lost();
                        write_json(&directory.exit(), &Ending::unseen(exit.clone()))?;
                        Ok(Found::Ended(exit))
                    }
                },
            }
        }
        .boxed()
    }
}

/// How a workload ended whose supervisor is gone without a word.
fn lost() -> Exit {
    Exit {
        code: None,
        signal: Some(libc::SIGKILL),
        reason: Some("the machine or its supervisor went down".to_owned()),
    }
}

/// A workload under a living supervisor.
struct SupervisedWorkload {
    directory: JobDirectory,
    supervisor: AsyncFd<Pidfd>,
}

impl SupervisedWorkload {
    fn ending(&self) -> Option<Ending> {
        read_json(&self.directory.exit()).ok().flatten()
    }
}

impl Workload for SupervisedWorkload {
    fn ended(&self) -> BoxFuture<'_, Exit> {
        async move {
            match self.supervisor.readable().await {
                // It stays readable for whoever asks next.
                Ok(mut ready) => ready.retain_ready(),
                Err(error) => tracing::error!(%error, "the supervisor cannot be watched"),
            }
            self.ending().map_or_else(lost, |ending| ending.exit)
        }
        .boxed()
    }

    fn ended_ago(&self) -> Duration {
        self.ending().map_or(Duration::ZERO, |ending| ending.ago())
    }

    fn end(&self) {
        self.supervisor.get_ref().signal(libc::SIGTERM);
        // A handle of its own, so that the patience outlasts this value.
        if let Ok(supervisor) = self.supervisor.get_ref().duplicate() {
            tokio::spawn(async move {
                sleep(END_PATIENCE).await;
                supervisor.signal(libc::SIGKILL);
            });
        }
    }
}

/// A workload that ended before anyone could look.
struct EndedWorkload(Exit);

impl Workload for EndedWorkload {
    fn ended(&self) -> BoxFuture<'_, Exit> {
        std::future::ready(self.0.clone()).boxed()
    }

    fn ended_ago(&self) -> Duration {
        // It was never seen running, so nothing of it is metered.
        Duration::ZERO
    }

    fn end(&self) {}
}
