//! Who a workload runs as. An agent that runs as root gives root up for it: inside a user namespace made by root, the workload
//! would still be root to the kernel's settings in `/proc/sys`, and could run programs outside its sandbox through them.

use nix::{
    mount::{MsFlags, mount},
    sched::{CloneFlags, unshare},
    unistd::geteuid,
};
use std::{
    fs, io,
    os::unix::fs::lchown,
    path::{Path, PathBuf},
};

use super::directory::JobDirectory;

/// The user and group "nobody", which own nothing.
const NOBODY: u32 = 65_534;

/// Places that every system has and every user may walk through; the one that does not hide the job's directory is used.
const MOUNT_POINTS: [&str; 2] = ["/mnt", "/tmp"];

/// The workload's directories as its user reaches them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The working directory.
    pub(super) work: PathBuf,
    /// The output directory.
    pub(super) out: PathBuf,
    /// The user to become first; `None` when this process is not root.
    pub(super) user: Option<u32>,
}

/// Hands the job's directories to the user that the workload will run as. As root this moves the calling process into a mount
/// namespace of its own, because the directories above the job's may be closed to other users.
pub(super) fn prepare(directory: &JobDirectory) -> io::Result<Place> {
    if !geteuid().is_root() {
        return Ok(Place {
            work: directory.work(),
            out: directory.out(),
            user: None,
        });
    }
    give_away(&directory.work())?;
    give_away(&directory.out())?;
    let job = directory.path().canonicalize()?;
    let point = MOUNT_POINTS
        .iter()
        .map(Path::new)
        .find(|point| point.is_dir() && !job.starts_with(point));
    let point = point.ok_or_else(|| io::Error::other("neither /mnt nor /tmp can be mounted over"))?;

    unshare(CloneFlags::CLONE_NEWNS)?;
    let nothing = None::<&Path>;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)?;
    mount(
        Some("tmpfs"),
        point,
        Some("tmpfs"),
        MsFlags::MS_NOSUID | MsFlags::MS_NODEV,
        Some("mode=755,size=64k"),
    )?;
    let place = Place {
        work: point.join("work"),
        out: point.join("out"),
        user: Some(NOBODY),
    };
    for (from, to) in [(directory.work(), &place.work), (directory.out(), &place.out)] {
        fs::create_dir(to)?;
        mount(Some(&from), to, nothing, MsFlags::MS_BIND, nothing)?;
    }
    Ok(place)
}

/// Gives a directory and everything in it to nobody.
fn give_away(path: &Path) -> io::Result<()> {
    lchown(path, Some(NOBODY), Some(NOBODY))?;
    if path.symlink_metadata()?.is_dir() {
        for entry in fs::read_dir(path)? {
            give_away(&entry?.path())?;
        }
    }
    Ok(())
}
