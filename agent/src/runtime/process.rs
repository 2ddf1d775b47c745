//! Processes that are not our children: recognised by id and start time, signalled and awaited through a pidfd.

use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd},
};
use tokio::io::{Interest, unix::AsyncFd};

/// A process for good: an id alone may be given to another process later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Process id.
    pub pid: i32,
    /// When it started, in clock ticks since the machine did.
    pub start_ticks: u64,
}

/// Position of the start time behind the process's name in `/proc/PID/stat`.
const START_TIME_FIELD: usize = 19;

fn start_ticks(pid: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold anything, so count from behind it.
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_ascii_whitespace().nth(START_TIME_FIELD)?.parse().ok()
}

impl Identity {
    /// This very process.
    #[must_use]
    pub fn own() -> Self {
        let pid = i32::try_from(std::process::id()).unwrap_or_default();
        Self {
            pid,
            start_ticks: start_ticks(pid).unwrap_or_default(),
        }
    }

    /// A handle on the process, or `None` when it is gone.
    #[must_use]
    pub fn open(&self) -> Option<Pidfd> {
        let pidfd = Pidfd::open(self.pid).ok()?;
        // Asked after opening: from here on the handle cannot come to mean another process.
        (start_ticks(self.pid)? == self.start_ticks).then_some(pidfd)
    }
}

/// A handle on a process.
#[derive(Debug)]
pub struct Pidfd {
    fd: OwnedFd,
}

impl Pidfd {
    /// A handle on the process that has this id now.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(pid: i32) -> io::Result<Self> {
        // SAFETY: plain system call with two integers; a result that is not negative is a new descriptor that nobody else owns.
        unsafe {
            let fd = libc::syscall(libc::SYS_pidfd_open, pid, 0);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            let fd = RawFd::try_from(fd).map_err(io::Error::other)?;
            Ok(Self {
                fd: OwnedFd::from_raw_fd(fd),
            })
        }
    }

    /// Sends a signal; a process that is gone is no error.
    pub fn signal(&self, signal: libc::c_int) {
        // SAFETY: the descriptor is open as long as `self` lives; the null pointer asks for the default signal information.
        unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                self.fd.as_raw_fd(),
                signal,
                std::ptr::null::<libc::siginfo_t>(),
                0,
            );
        }
    }

    /// Another handle on the same process.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub fn duplicate(&self) -> io::Result<Self> {
        self.fd.try_clone().map(|fd| Self { fd })
    }

    /// Makes the end of the process something to wait for: the handle becomes readable then.
    ///
    /// # Errors
    /// When the handle cannot be watched.
    pub fn watch(self) -> io::Result<AsyncFd<Self>> {
        // SAFETY: the descriptor belongs to `self` alone, which the result owns and never replaces.
        unsafe { AsyncFd::register_with_interest(self, Interest::READABLE) }.map_err(Into::into)
    }
}

impl AsFd for Pidfd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Pidfd {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_is_known_by_its_start_as_well() {
        let own = Identity::own();
        assert!(own.open().is_some());
        let impostor = Identity {
            start_ticks: own.start_ticks + 1,
            ..own
        };
        assert!(impostor.open().is_none());
    }

    #[tokio::test]
    async fn the_end_of_a_stranger_is_noticed() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep");
        let pidfd = Pidfd::open(i32::try_from(child.id()).expect("a pid")).expect("a handle");
        pidfd.signal(libc::SIGKILL);
        let watched = pidfd.watch().expect("watched");
        watched.readable().await.expect("ended").retain_ready();
        child.wait().expect("reaped");
    }
}
