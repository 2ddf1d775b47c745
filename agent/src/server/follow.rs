//! Waits for a file to grow. The kernel tells of it as long as it has notices to give; a user has only so many of them.

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use std::{io, os::fd::OwnedFd, path::Path, time::Duration};
use tokio::{
    io::AsyncReadExt,
    net::unix::pipe::Receiver,
    time::{sleep, timeout},
};

/// Looks again after this time in any case: some file systems keep changes to themselves.
const LONGEST: Duration = Duration::from_secs(1);

/// How often a file is looked at that the kernel does not tell of.
const POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Watches one file.
pub(super) struct FileWatch {
    // The kernel's notices are read like a pipe; what they say does not matter.
    notices: Option<Receiver>,
}

impl FileWatch {
    /// Watches an existing file from now on.
    pub(super) fn new(path: &Path) -> Self {
        let notices = Self::notices(path);
        if let Err(error) = &notices {
            tracing::debug!(path = %path.display(), %error, "the kernel gives no notices; looking again and again");
        }
        Self { notices: notices.ok() }
    }

    fn notices(path: &Path) -> io::Result<Receiver> {
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)?;
        inotify.add_watch(path, AddWatchFlags::IN_MODIFY)?;
        Receiver::from_owned_fd_unchecked(OwnedFd::from(inotify))
    }

    /// Waits until the file was written to since the last call, or for a while.
    pub(super) async fn changed(&mut self) {
        let Some(notices) = &mut self.notices else {
            return sleep(POLL_INTERVAL).await;
        };
        let mut buffer = [0; 4 << 10];
        let _ = timeout(LONGEST, notices.read(&mut buffer)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[tokio::test]
    async fn without_notices_the_file_is_looked_at_again_and_again() {
        let mut watch = FileWatch::new(Path::new("/nowhere"));
        assert!(watch.notices.is_none());
        let began = Instant::now();
        watch.changed().await;
        assert!((POLL_INTERVAL..LONGEST).contains(&began.elapsed()));
    }
}
