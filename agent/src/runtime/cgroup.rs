//! Control groups: the only limits on memory, processes and CPU that a workload as a whole cannot get around.
//!
//! Both generations are served: one directory in the unified hierarchy, or one in each controller's own. Where the agent may write
//! neither, the supervisor falls back on limits per process.

use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::spec::Bounds;

/// Where control groups are mounted.
const ROOT: &str = "/sys/fs/cgroup";
/// CPU time is shared out in periods of this length.
const CPU_PERIOD_US: u64 = 100_000;
/// The group into which the agent itself moves: in the unified hierarchy a group with children holds no processes.
const AGENT_GROUP: &str = "gantry-agent";

/// Under which directories groups for workloads can be made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cgroups {
    /// Nowhere: limits are per process.
    #[default]
    Unavailable,
    /// The unified hierarchy.
    Unified {
        /// Parent of the groups.
        parent: PathBuf,
    },
    /// One hierarchy per controller.
    Separate {
        /// Parent of the groups of the memory controller.
        memory: PathBuf,
        /// Parent of the groups of the process controller.
        pids: PathBuf,
        /// Parent of the groups of the CPU controller.
        cpu: PathBuf,
    },
}

/// Workloads cannot be held within their limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the agent can make no control groups here, and without them a workload can get around its limits on memory and CPU and starve \
     this machine and its other tenants; run the agent as root or as a service to which systemd delegates (Delegate=yes), or accept \
     the risk with `allow_weak_limits = true`"
)]
pub struct WeakLimits;

impl Cgroups {
    /// Refuses to go without groups, unless that was `allowed`.
    ///
    /// # Errors
    /// [`WeakLimits`].
    pub fn require(&self, allowed: bool) -> Result<(), WeakLimits> {
        match self {
            Self::Unavailable if !allowed => Err(WeakLimits),
            _ => Ok(()),
        }
    }

    /// Looks where this process may make groups, and prepares the place.
    #[must_use]
    pub fn discover() -> Self {
        let own = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Self::discover_in(Path::new(ROOT), &own, std::process::id()).unwrap_or_default()
    }

    fn discover_in(root: &Path, own: &str, pid: u32) -> Option<Self> {
        let path_of = |controller: &str| {
            own.lines().find_map(|line| {
                let (names, path) = line.split_once(':')?.1.split_once(':')?;
                let fits = if controller.is_empty() {
                    names.is_empty()
                } else {
                    names.split(',').any(|name| name == controller)
                };
                fits.then(|| path.trim_start_matches('/').to_owned())
            })
        };
        if root.join("cgroup.controllers").exists() {
            let mut parent = root.join(path_of("")?);
            if parent.ends_with(AGENT_GROUP) {
                parent.pop();
            }
            return prepare_unified(&parent, pid).ok().map(|()| Self::Unified { parent });
        }
        let separate = |controller: &str| {
            let parent = root.join(controller).join(path_of(controller)?);
            is_writable(&parent).then_some(parent)
        };
        Some(Self::Separate {
            memory: separate("memory")?,
            pids: separate("pids")?,
            cpu: separate("cpu")?,
        })
    }

    /// Makes a group with these bounds; `None` where groups are not available.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn make(&self, name: &str, bounds: &Bounds) -> io::Result<Option<Group>> {
        let quota = u64::from(bounds.cpus) * CPU_PERIOD_US;
        let group = match self {
            Self::Unavailable => return Ok(None),
            Self::Unified { parent } => {
                let group = Group {
                    directories: vec![parent.join(name)],
                };
                group.create()?;
                group.set(0, "memory.max", bounds.memory_bytes)?;
                // Without swap accounting the file does not exist, and there is nothing to bound.
                let _ = group.set(0, "memory.swap.max", 0);
                group.set(0, "pids.max", bounds.processes)?;
                fs::write(group.directories[0].join("cpu.max"), format!("{quota} {CPU_PERIOD_US}"))?;
                group
            }
            Self::Separate { memory, pids, cpu } => {
                let group = Group {
                    directories: [memory, pids, cpu].map(|parent| parent.join(name)).to_vec(),
                };
                group.create()?;
                group.set(0, "memory.limit_in_bytes", bounds.memory_bytes)?;
                let _ = group.set(0, "memory.memsw.limit_in_bytes", bounds.memory_bytes);
                group.set(1, "pids.max", bounds.processes)?;
                group.set(2, "cpu.cfs_period_us", CPU_PERIOD_US)?;
                group.set(2, "cpu.cfs_quota_us", quota)?;
                group
            }
        };
        Ok(Some(group))
    }
}

/// Makes room for groups below `parent`: moves the agent into a group of its own and hands the controllers down.
fn prepare_unified(parent: &Path, pid: u32) -> io::Result<()> {
    let agent = parent.join(AGENT_GROUP);
    if !agent.exists() {
        fs::create_dir(&agent)?;
    }
    fs::write(agent.join("cgroup.procs"), pid.to_string())?;
    fs::write(parent.join("cgroup.subtree_control"), "+memory +pids +cpu")
}

fn is_writable(parent: &Path) -> bool {
    let probe = parent.join(format!("gantry-probe-{}", std::process::id()));
    fs::create_dir(&probe).and_then(|()| fs::remove_dir(&probe)).is_ok()
}

/// The group of one workload. Removed when dropped.
#[derive(Debug)]
pub struct Group {
    directories: Vec<PathBuf>,
}

impl Group {
    fn create(&self) -> io::Result<()> {
        for directory in &self.directories {
            match fs::create_dir(directory) {
                // Left behind by a supervisor that was killed; its processes died with it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                other => other?,
            }
        }
        Ok(())
    }

    fn set(&self, directory: usize, file: &str, value: u64) -> io::Result<()> {
        fs::write(self.directories[directory].join(file), value.to_string())
    }

    /// Moves a process in; what it starts from then on is in as well.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn add(&self, pid: i32) -> io::Result<()> {
        self.directories
            .iter()
            .try_for_each(|directory| fs::write(directory.join("cgroup.procs"), pid.to_string()))
    }

    /// The processes in it.
    #[must_use]
    pub fn processes(&self) -> Vec<i32> {
        let text = fs::read_to_string(self.directories[0].join("cgroup.procs")).unwrap_or_default();
        text.lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// Whether the kernel has killed a process of the group because its memory was used up.
    #[must_use]
    pub fn ran_out_of_memory(&self) -> bool {
        ["memory.events", "memory.oom_control"].iter().any(|file| {
            let text = fs::read_to_string(self.directories[0].join(file)).unwrap_or_default();
            text.lines()
                .filter_map(|line| line.strip_prefix("oom_kill "))
                .any(|count| count.trim() != "0")
        })
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        for directory in &self.directories {
            // The kernel may need a moment to forget the last process.
            for _ in 0..50 {
                if fs::remove_dir(directory).is_ok() || !directory.exists() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDS: Bounds = Bounds {
        cpus: 3,
        memory_bytes: 1 << 30,
        processes: 64,
        disk_bytes: 1,
        log_bytes: 1,
    };

    #[test]
    fn in_the_unified_hierarchy_the_agent_moves_aside_and_hands_the_controllers_down() {
        let root = tempfile::tempdir().expect("a directory");
        let own = root.path().join("system.slice/gantry.service");
        fs::create_dir_all(&own).expect("created");
        fs::write(root.path().join("cgroup.controllers"), "cpu memory pids").expect("written");
        let found = Cgroups::discover_in(root.path(), "0::/system.slice/gantry.service\n", 42).expect("found");
        assert_eq!(found, Cgroups::Unified { parent: own.clone() });
        let read = |file: &str| fs::read_to_string(own.join(file)).expect(file);
        assert_eq!(read("gantry-agent/cgroup.procs"), "42");
        assert_eq!(read("cgroup.subtree_control"), "+memory +pids +cpu");

        let group = found.make("job", &BOUNDS).expect("made").expect("available");
        group.add(43).expect("added");
        assert_eq!(read("job/memory.max"), "1073741824");
        assert_eq!(read("job/pids.max"), "64");
        assert_eq!(read("job/cpu.max"), "300000 100000");
        assert_eq!(read("job/cgroup.procs"), "43");
        fs::write(own.join("job/memory.events"), "low 0\noom_kill 1\n").expect("written");
        assert!(group.ran_out_of_memory());
        fs::remove_dir_all(own.join("job")).expect("removed");
    }

    #[test]
    fn a_restarted_agent_does_not_nest_deeper() {
        let root = tempfile::tempdir().expect("a directory");
        let own = root.path().join("gantry.service");
        fs::create_dir_all(own.join(AGENT_GROUP)).expect("created");
        fs::write(root.path().join("cgroup.controllers"), "").expect("written");
        let found = Cgroups::discover_in(root.path(), "0::/gantry.service/gantry-agent\n", 42).expect("found");
        assert_eq!(found, Cgroups::Unified { parent: own });
    }

    #[test]
    fn weak_limits_must_be_asked_for() {
        assert_eq!(Cgroups::Unavailable.require(false), Err(WeakLimits));
        assert_eq!(Cgroups::Unavailable.require(true), Ok(()));
        let parent = PathBuf::from("/sys/fs/cgroup");
        assert_eq!(Cgroups::Unified { parent }.require(false), Ok(()));
        assert!(WeakLimits.to_string().contains("allow_weak_limits = true"));
    }

    #[test]
    fn without_a_writable_group_there_are_none() {
        let root = tempfile::tempdir().expect("a directory");
        let own = "4:memory:/nowhere\n3:pids:/\n2:cpu,cpuacct:/\n";
        assert_eq!(Cgroups::discover_in(root.path(), own, 42), None);
        assert!(Cgroups::Unavailable.make("job", &BOUNDS).expect("no error").is_none());
    }
}
