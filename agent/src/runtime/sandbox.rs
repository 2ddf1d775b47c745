//! The sandbox: which parts of the machine a workload sees, as arguments for bubblewrap.

use std::{
    ffi::OsString,
    fs,
    os::fd::RawFd,
    path::{Path, PathBuf},
};

use super::spec::WorkloadSpec;

/// The sandbox's program.
pub const BUBBLEWRAP: &str = "bwrap";

/// Where the workload finds its bundle.
pub const WORK: &str = "/work";
/// Where it leaves results.
pub const OUT: &str = "/out";

/// The user and group inside.
const INSIDE_USER: &str = "65534";
const SEARCH_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Top directories that are links into /usr on today's systems and directories of their own on older ones.
const SYSTEM_DIRECTORIES: [&str; 5] = ["/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/// What programs need of /etc to be linked, to choose among alternatives, and to know the time zone. Nothing about users or hosts.
const SYSTEM_FILES: [&str; 7] = [
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/alternatives",
    "/etc/localtime",
    "/etc/OpenCL",
    "/etc/vulkan",
];

/// The workload's directories outside, and the descriptors through which bubblewrap says that it is ready and waits.
pub(super) struct Outside<'a> {
    /// The working directory.
    pub(super) work: &'a Path,
    /// The output directory.
    pub(super) out: &'a Path,
    /// Bubblewrap writes the process id of the sandbox's first process here.
    pub(super) info: RawFd,
    /// It starts the workload once something can be read here.
    pub(super) go: RawFd,
}

/// Arguments as they are collected.
#[derive(Default)]
struct Arguments(Vec<OsString>);

impl Arguments {
    fn add<const N: usize>(&mut self, arguments: [&str; N]) {
        self.0.extend(arguments.iter().map(OsString::from));
    }

    fn bind(&mut self, how: &str, from: &Path, to: &str) {
        self.0.extend([how.into(), from.as_os_str().to_owned(), to.into()]);
    }
}

/// Arguments of [`BUBBLEWRAP`].
pub(super) fn arguments(spec: &WorkloadSpec, outside: &Outside<'_>) -> Vec<OsString> {
    let mut all = Arguments::default();
    // Namespaces of its own for everything; no network interface but its own loopback; no further user namespaces.
    all.add(["--unshare-all", "--unshare-user", "--disable-userns"]);
    all.add([
        "--die-with-parent",
        "--new-session",
        "--clearenv",
        "--hostname",
        "gantry",
    ]);
    all.add(["--uid", INSIDE_USER, "--gid", INSIDE_USER]);
    all.add([
        "--info-fd",
        &outside.info.to_string(),
        "--block-fd",
        &outside.go.to_string(),
    ]);

    all.add(["--ro-bind", "/usr", "/usr"]);
    for directory in SYSTEM_DIRECTORIES {
        match fs::read_link(directory) {
            Ok(target) => all.bind("--symlink", &target, directory),
            Err(_) => all.add(["--ro-bind-try", directory, directory]),
        }
    }
    for file in SYSTEM_FILES {
        all.add(["--ro-bind-try", file, file]);
    }
    all.add(["--proc", "/proc", "--dev", "/dev"]);
    // Files in memory count as memory; without a size each of these could take half of the machine's.
    let memory = (spec.bounds.memory_bytes / 2).to_string();
    for directory in ["/tmp", "/dev/shm"] {
        all.add(["--size", &memory, "--tmpfs", directory]);
    }
    for device in &spec.devices {
        all.bind("--dev-bind-try", device, &device.to_string_lossy());
    }
    all.bind("--bind", outside.work, WORK);
    all.bind("--bind", outside.out, OUT);
    all.add(["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORK]);

    for (name, value) in environment(spec) {
        all.add(["--setenv", &name, &value]);
    }
    all.add(["--"]);
    all.0.extend(spec.command.iter().map(OsString::from));
    all.0
}

/// The workload's environment: the tenant's, with what the agent promises on top.
fn environment(spec: &WorkloadSpec) -> Vec<(String, String)> {
    let standard = [("PATH", SEARCH_PATH), ("HOME", "/tmp"), ("LANG", "C.UTF-8")];
    let gpus = spec.gpus.join(",");
    let promised = [("GANTRY_OUT", OUT), ("GANTRY_GPUS", gpus.as_str())];
    let visible = (!spec.devices.is_empty()).then_some(("CUDA_VISIBLE_DEVICES", gpus.as_str()));
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    standard
        .into_iter()
        .map(own)
        .chain(spec.environment.clone())
        .chain(promised.into_iter().chain(visible).map(own))
        .collect()
}

/// Where bubblewrap is, if it is installed.
#[must_use]
pub fn find_bubblewrap() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(BUBBLEWRAP))
        .find(|program| program.is_file())
}
