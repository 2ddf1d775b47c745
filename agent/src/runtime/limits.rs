//! Limits per process, for what control groups do not bound or where there are none.

use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    unistd::Pid,
};
use std::{collections::BTreeSet, fs, io, os::unix::fs::MetadataExt, path::Path, thread};

use super::spec::Bounds;

/// Open files of a process: plenty for a program, far from what the machine has.
const MAX_OPEN_FILES: u64 = 4_096;
/// Workloads yield to the agent, whose receipts must not be late.
const NICENESS: libc::c_int = 5;
/// When the machine runs out of memory, the kernel ends workloads before it ends the agent.
const OUT_OF_MEMORY_SCORE: &str = "500";
/// More files than this are as bad as too many bytes.
const MAX_FILES: u64 = 1_000_000;

/// What a process takes upon itself before it becomes the sandbox.
pub(super) struct Limits {
    resources: Vec<(libc::__rlimit_resource_t, u64)>,
    cpus: Option<CpuSet>,
}

impl Limits {
    /// The limits of a workload; `grouped` when a control group bounds its memory, processes and CPU.
    pub(super) fn of(bounds: &Bounds, grouped: bool) -> io::Result<Self> {
        let mut resources = vec![
            (libc::RLIMIT_CORE, 0),
            (libc::RLIMIT_NOFILE, MAX_OPEN_FILES),
            (libc::RLIMIT_FSIZE, bounds.disk_bytes),
        ];
        if grouped {
            return Ok(Self { resources, cpus: None });
        }
        // Private writable memory of one process. Not its address space: drivers reserve far more than they use.
        resources.push((libc::RLIMIT_DATA, bounds.memory_bytes));
        Ok(Self {
            resources,
            cpus: some_cpus(bounds.cpus)?,
        })
    }

    /// Limits the calling process, and with it all that it will start. Only system calls: it runs between fork and exec.
    pub(super) fn take(&self) -> io::Result<()> {
        for (resource, most) in &self.resources {
            limit(0, *resource, *most)?;
        }
        if let Some(cpus) = &self.cpus {
            sched_setaffinity(Pid::from_raw(0), cpus)?;
        }
        // SAFETY: plain system calls; the strings end in zero and the buffer is as long as said.
        unsafe {
            // Fails only for an agent that is nicer already and may not go back, which is as good.
            libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS);
            // Under an agent that is root this process is nobody by now, whose files under /proc belong to root: then
            // `prefer_to_end` does it from outside.
            let file = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
            if file >= 0 {
                libc::write(file, OUT_OF_MEMORY_SCORE.as_ptr().cast(), OUT_OF_MEMORY_SCORE.len());
                libc::close(file);
            }
        }
        Ok(())
    }
}

/// Tells the kernel to end this process, and what it starts, before the agent when memory runs out. It may have done so itself already.
pub(super) fn prefer_to_end(first: i32) {
    let _ = fs::write(format!("/proc/{first}/oom_score_adj"), OUT_OF_MEMORY_SCORE);
}

/// Bounds the number of processes inside a sandbox whose user runs other things as well, be it the workloads beside it. Set from outside
/// once the sandbox stands, it counts only what is inside: taken before, it would count all of the user's.
pub(super) fn bound_processes(first: i32, user: Option<u32>, bounds: &Bounds) -> io::Result<()> {
    let most = bounds.processes;
    let Some(user) = user else {
        return limit(first, libc::RLIMIT_NPROC, most);
    };
    // A root without CAP_SYS_RESOURCE may not limit another user's process, but that user may.
    let bound = thread::spawn(move || {
        // SAFETY: plain system calls without pointers. Unlike libc's functions they change the calling thread alone, which ends here.
        let refused = unsafe {
            libc::syscall(libc::SYS_setresgid, user, user, user) < 0
                || libc::syscall(libc::SYS_setresuid, user, user, user) < 0
        };
        if refused {
            return Err(io::Error::last_os_error());
        }
        limit(first, libc::RLIMIT_NPROC, most)
    });
    bound
        .join()
        .map_err(|_| io::Error::other("the thread that bounds the workload panicked"))?
}

fn limit(pid: i32, resource: libc::__rlimit_resource_t, most: u64) -> io::Result<()> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointers are to a local that lives through the calls, or null where the call allows it.
    unsafe {
        if libc::prlimit(pid, resource, std::ptr::null(), &raw mut limit) < 0 {
            return Err(io::Error::last_os_error());
        }
        // Never above what the process inherited: raising it would take privileges.
        let most = most.min(limit.rlim_max);
        limit = libc::rlimit {
            rlim_cur: most,
            rlim_max: most,
        };
        if libc::prlimit(pid, resource, &raw const limit, std::ptr::null_mut()) < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// `wanted` of the CPUs that this process may use, others for each process; `None` when it may not use more anyway.
fn some_cpus(wanted: u32) -> io::Result<Option<CpuSet>> {
    let allowed = sched_getaffinity(Pid::from_raw(0))?;
    let usable: Vec<usize> = (0..CpuSet::count())
        .filter(|cpu| allowed.is_set(*cpu).unwrap_or(false))
        .collect();
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    if wanted >= usable.len() {
        return Ok(None);
    }
    let first = usize::try_from(std::process::id()).unwrap_or_default() % usable.len();
    let mut cpus = CpuSet::new();
    for cpu in usable.iter().cycle().skip(first).take(wanted) {
        cpus.set(*cpu)?;
    }
    Ok(Some(cpus))
}

/// Bytes on disk of files that have no name any more and that one of these processes has open, on the file system of `directory`. A
/// file that is only mapped escapes: nobody can write more into it than into memory.
pub(super) fn unlinked(processes: &[i32], directory: &Path) -> u64 {
    let Ok(device) = fs::metadata(directory).map(|metadata| metadata.dev()) else {
        return 0;
    };
    let (mut seen, mut bytes) = (BTreeSet::new(), 0_u64);
    for process in processes {
        for entry in fs::read_dir(format!("/proc/{process}/fd"))
            .into_iter()
            .flatten()
            .flatten()
        {
            // Asked of the open file itself: its name is gone.
            let Ok(metadata) = fs::metadata(entry.path()) else {
                continue;
            };
            let nameless = metadata.is_file() && metadata.nlink() == 0 && metadata.dev() == device;
            if nameless && seen.insert(metadata.ino()) {
                bytes = bytes.saturating_add(metadata.blocks().saturating_mul(512));
            }
        }
    }
    bytes
}

/// Bytes on disk of everything in these directories; the most there can be when there are too many files to count.
pub(super) fn disk_used(directories: &[&Path]) -> u64 {
    let (mut bytes, mut files) = (0_u64, 0_u64);
    let mut left: Vec<_> = directories.iter().map(|path| path.to_path_buf()).collect();
    while let Some(path) = left.pop() {
        // What cannot be read has just been removed.
        let Ok(entries) = fs::read_dir(&path) else { continue };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            files += 1;
            bytes = bytes.saturating_add(metadata.blocks().saturating_mul(512));
            if metadata.is_dir() {
                left.push(entry.path());
            }
            if files > MAX_FILES {
                return u64::MAX;
            }
        }
    }
    bytes
}
