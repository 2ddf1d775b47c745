//! Waits for a file to grow.

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::{io, os::fd::OwnedFd, path::Path, time::Duration};
use tokio::{io::AsyncReadExt, net::unix::pipe::Receiver, time::timeout};

/// Looks again after this time in any case: some file systems keep changes to themselves.
const LONGEST: Duration = Duration::from_secs(1);

/// Watches one file.
pub(super) struct FileWatch {
    // The kernel's notices are read like a pipe; what they say does not matter.
    notices: Receiver,
}

impl FileWatch {
    /// Watches an existing file from now on.
    pub(super) fn new(path: &Path) -> io::Result<Self> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        inotify.add_watch(path, AddWatchFlags::IN_MODIFY)?;
        Ok(Self {
            notices: Receiver::from_owned_fd_unchecked(OwnedFd::from(inotify))?,
        })
    }

    /// Waits until the file was written to since the last call, or for a while.
    pub(super) async fn changed(&mut self) {
        let mut buffer = [0; 4 << 10];
        let _ = timeout(LONGEST, self.notices.read(&mut buffer)).await;
    }
}
