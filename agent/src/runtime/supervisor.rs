//! The supervisor: `gantry-agent supervise DIRECTORY`, one per workload, outlives the agent.
//!
//! Invariant: when it has written the exit status, nothing of the workload runs any more. When it is killed itself, the kernel kills
//! the workload with it.

use gantry_sdk::wire::Exit;
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, Signal},
        signalfd::{SfdFlags, SignalFd},
    },
    unistd::{fchown, setsid},
};
use std::{
    fs::File,
    io::{self, PipeReader, Read, Write},
    os::{
        fd::{AsFd, AsRawFd, RawFd},
        unix::process::{CommandExt, ExitStatusExt},
    },
    process::{Child, Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use super::{
    RuntimeError,
    cgroup::Group,
    directory::{JobDirectory, failed, read_json, write_json},
    ending::{Ending, monotonic},
    limits::{self, Limits},
    process::{Identity, Pidfd},
    sandbox::{self, Outside},
    spec::{Bounds, WorkloadSpec},
    user::{self, Place},
};

/// How often the sizes of the workload's directories are looked at.
const DISK_INTERVAL: Duration = Duration::from_secs(1);

/// Runs the workload of a job's directory to its end.
///
/// # Errors
/// [`RuntimeError`] when the directory cannot be used. How the workload ends is no error: it is written down.
pub fn run(directory: &JobDirectory) -> Result<(), RuntimeError> {
    // A session of its own: a hang-up or Ctrl-C that is meant for the agent does not reach it. It fails only when it has one already.
    let _ = setsid();
    let lock = directory.lock();
    let mut held = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock)
        .map_err(failed(&lock))?;
    held.lock().map_err(failed(&lock))?;
    if directory.exit().exists() {
        // The agent gave this start up while the process came to life.
        return Ok(());
    }
    let spec: WorkloadSpec =
        read_json(&directory.spec())?.ok_or_else(|| RuntimeError::Supervisor("there is no spec.json".to_owned()))?;
    let name = serde_json::to_vec(&Identity::own()).map_err(|error| failed(&lock)(error.into()))?;
    held.write_all(&name)
        .and_then(|()| held.sync_all())
        .map_err(failed(&lock))?;

    let ending = supervise(directory, &spec).unwrap_or_else(|error| {
        let exit = Exit {
            code: None,
            signal: None,
            reason: Some(format!("the sandbox could not be set up: {error}")),
        };
        Ending::at(exit, monotonic())
    });
    write_json(&directory.exit(), &ending)
}

fn supervise(directory: &JobDirectory, spec: &WorkloadSpec) -> io::Result<Ending> {
    // Before any thread or child exists, so that the signal arrives at the descriptor and nowhere else.
    let mut asked = SigSet::empty();
    [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP]
        .into_iter()
        .for_each(|signal| asked.add(signal));
    asked.thread_block()?;
    let asked = SignalFd::with_flags(&asked, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;

    let began = Instant::now();
    let place = user::prepare(directory)?;
    let mut sandboxed = Sandboxed::start(directory, spec, &place)?;
    let reason = sandboxed.wait_for_end(directory, spec, &asked, began)?;
    // Before cleaning up, which takes as long as the disk needs to write the log: the tenant does not pay for that.
    let ended = monotonic();
    Ok(Ending::at(sandboxed.clean_up(reason)?, ended))
}

/// A workload in its sandbox.
struct Sandboxed {
    bubblewrap: Child,
    handle: Pidfd,
    /// The sandbox's first process: with it ends its process namespace, and all that runs in it.
    first: Option<Pidfd>,
    group: Option<Group>,
    log: JoinHandle<io::Result<()>>,
}

impl Sandboxed {
    fn start(directory: &JobDirectory, spec: &WorkloadSpec, place: &Place) -> io::Result<Self> {
        let (mut info, info_end) = io::pipe()?;
        let (go_end, mut go) = io::pipe()?;
        let (output, output_end) = io::pipe()?;
        if let Some(user) = place.user {
            // So that the workload may open /dev/stdout.
            fchown(&output_end, Some(user.into()), Some(user.into()))?;
        }
        let name = directory
            .path()
            .file_name()
            .map_or_else(|| "job".into(), |name| name.to_string_lossy());
        let group = spec.cgroups.make(&format!("gantry-{name}"), &spec.bounds)?;
        let limits = Limits::of(&spec.bounds, group.is_some())?;
        let outside = Outside {
            work: &place.work,
            out: &place.out,
            info: info_end.as_raw_fd(),
            go: go_end.as_raw_fd(),
        };
        let mut command = Command::new(sandbox::BUBBLEWRAP);
        // Bubblewrap stays as the sandbox's first process, and the workload can read that process's environment under /proc: of the
        // agent's own, which may hold secrets, it gets nothing but where programs are.
        command
            .env_clear()
            .envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        command.args(sandbox::arguments(spec, &outside)).stdin(Stdio::null());
        command
            .stdout(output_end.try_clone()?)
            .stderr(output_end)
            .current_dir("/");
        if let Some(user) = place.user {
            command.uid(user).gid(user);
        }
        before_exec(&mut command, [outside.info, outside.go], limits);
        // From the main thread: "dies with its parent" means the thread that started it.
        let bubblewrap = command.spawn()?;
        drop((command, info_end, go_end));
        let handle = Pidfd::open(i32::try_from(bubblewrap.id()).map_err(io::Error::other)?)?;
        let log = copy_log(output, directory, &spec.bounds)?;

        let mut sandboxed = Self {
            bubblewrap,
            handle,
            first: None,
            group,
            log,
        };
        match sandboxed.bound(&mut info, spec, place) {
            Ok(()) => {
                go.write_all(b"!")?;
                Ok(sandboxed)
            }
            // Closing `go` would let the workload run without its bounds, so it is killed before.
            Err(error) => sandboxed.clean_up(None).and(Err(error)),
        }
    }

    /// Puts the sandbox's first process, which waits, into its bounds.
    fn bound(&mut self, info: &mut PipeReader, spec: &WorkloadSpec, place: &Place) -> io::Result<()> {
        // Bubblewrap's own output says why, when there is no process.
        let Some(pid) = first_process(info)? else { return Ok(()) };
        self.first = Some(Pidfd::open(pid)?);
        limits::prefer_to_end(pid);
        match &self.group {
            Some(group) => group.add(pid),
            None => limits::bound_processes(pid, place.user, &spec.bounds),
        }
    }

    /// Waits until the workload ends by itself, or must. Returns why it must.
    fn wait_for_end(
        &mut self,
        directory: &JobDirectory,
        spec: &WorkloadSpec,
        asked: &SignalFd,
        began: Instant,
    ) -> io::Result<Option<String>> {
        loop {
            // A file that cannot be read extends nothing.
            let extended_ms = read_json::<u64>(&directory.deadline()).ok().flatten().unwrap_or(0);
            let deadline = Duration::from_millis(spec.deadline_ms.max(extended_ms));
            let left = deadline.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(Some("the rented time was over".to_owned()));
            }
            let wait =
                PollTimeout::try_from(left.min(DISK_INTERVAL) + Duration::from_millis(1)).unwrap_or(PollTimeout::ZERO);
            let mut watched = [
                PollFd::new(self.handle.as_fd(), PollFlags::POLLIN),
                PollFd::new(asked.as_fd(), PollFlags::POLLIN),
            ];
            poll(&mut watched, wait)?;
            if watched[0].any() == Some(true) {
                return Ok(None);
            }
            if watched[1].any() == Some(true) {
                return Ok(Some("the agent ended it".to_owned()));
            }
            let (work, out) = (directory.work(), directory.out());
            let processes = self.group.as_ref().map(Group::processes).unwrap_or_default();
            let used = limits::disk_used(&[&work, &out]).saturating_add(limits::unlinked(&processes, &out));
            if used > spec.bounds.disk_bytes {
                let most = spec.bounds.disk_bytes >> 20;
                return Ok(Some(format!(
                    "it wrote more than the {most} MiB that this node gives a job"
                )));
            }
        }
    }

    /// Kills whatever is left, and says how the workload ended.
    fn clean_up(mut self, reason: Option<String>) -> io::Result<Exit> {
        self.handle.signal(libc::SIGKILL);
        if let Some(first) = &self.first {
            first.signal(libc::SIGKILL);
        }
        let status = self.bubblewrap.wait()?;
        if let Some(first) = &self.first {
            poll(&mut [PollFd::new(first.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE)?;
        }
        // The last writer is gone, so the copy comes to its end.
        match self.log.join() {
            Ok(copied) => copied?,
            Err(_) => return Err(io::Error::other("the log's copy was cut off")),
        }
        let ran_out = self.group.as_ref().is_some_and(Group::ran_out_of_memory);
        Ok(exit_of(status, reason, ran_out))
    }
}

fn exit_of(status: ExitStatus, reason: Option<String>, ran_out_of_memory: bool) -> Exit {
    match reason {
        Some(reason) => Exit {
            code: None,
            signal: Some(libc::SIGKILL),
            reason: Some(reason),
        },
        None => Exit {
            code: status.code(),
            signal: status.signal(),
            reason: ran_out_of_memory.then(|| "it used up the memory that this node gives a job".to_owned()),
        },
    }
}

/// Leaves these descriptors open in the program that is started, and puts it under limits.
fn before_exec(command: &mut Command, descriptors: [RawFd; 2], limits: Limits) {
    // SAFETY: between fork and exec only system calls are made, on data that was prepared before.
    unsafe {
        command.pre_exec(move || {
            for descriptor in descriptors {
                if libc::fcntl(descriptor, libc::F_SETFD, 0) < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            limits.take()
        });
    }
}

/// The process id that bubblewrap writes once the sandbox stands; `None` when it failed before, which its own output explains.
fn first_process(info: &mut PipeReader) -> io::Result<Option<i32>> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Info {
        child_pid: i32,
    }
    let mut text = String::new();
    info.read_to_string(&mut text)?;
    Ok(serde_json::from_str::<Info>(&text).ok().map(|info| info.child_pid))
}

/// Copies output to the log on a thread of its own, up to the limit; what comes after is read and dropped, so that the workload never
/// waits for it.
fn copy_log(
    mut output: PipeReader,
    directory: &JobDirectory,
    bounds: &Bounds,
) -> io::Result<JoinHandle<io::Result<()>>> {
    let mut log = File::create(directory.log())?;
    let mut left = bounds.log_bytes;
    thread::Builder::new()
        .name("log".to_owned())
        .stack_size(128 << 10)
        .spawn(move || {
            let mut buffer = vec![0; 32 << 10];
            loop {
                let count = match output.read(&mut buffer) {
                    Ok(0) => return log.sync_all(),
                    Ok(count) => count,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                    Err(error) => return Err(error),
                };
                let kept = usize::try_from(left).unwrap_or(usize::MAX).min(count);
                // A full disk must not stop the workload: its tenant pays for results, not for the log.
                let _ = log.write_all(&buffer[..kept]);
                left -= kept as u64;
                if kept < count && kept > 0 {
                    let _ = log.write_all(b"\n[gantry] The log is full; what follows is dropped.\n");
                }
            }
        })
}
