//! Well-known ports where they are free, others where they are not.

use std::{
    env,
    fs::{self, File},
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    ops::Range,
    path::PathBuf,
};

use nix::unistd::Uid;

/// Where to look when the wanted port is taken: below the ports that systems hand out to outgoing connections, one of which
/// could otherwise be given away between our letting go of a port and a server's opening it.
const FALLBACK: Range<u16> = 20_000..32_000;

/// A port that no other local network takes, even while nothing listens on it.
#[derive(Debug)]
pub struct Claim {
    address: SocketAddr,
    /// The kernel releases it with this process. None where locks cannot be written; then only the socket protects the port.
    _lock: Option<File>,
}

impl Claim {
    /// The claimed address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

/// A claimed port that is held open until its server starts.
#[derive(Debug)]
pub struct Reserved {
    listener: TcpListener,
    claim: Claim,
    wanted: u16,
}

impl Reserved {
    /// Takes `wanted` on 127.0.0.1, or another port when it is taken; any free one when `wanted` is zero.
    ///
    /// # Errors
    /// When not a single port is free.
    pub fn take(wanted: u16) -> io::Result<Self> {
        let first = if wanted == 0 { None } else { take_exactly(wanted)? };
        let (listener, claim) = match first {
            Some(taken) => taken,
            None => take_any()?,
        };
        Ok(Self {
            listener,
            claim,
            wanted,
        })
    }

    /// The address that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.claim.address
    }

    /// The port that was taken.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address().port()
    }

    /// What to tell the user when it is another one than everyone expects.
    #[must_use]
    pub fn notice(&self) -> Option<String> {
        let moved = self.wanted != 0 && self.port() != self.wanted;
        moved.then(|| format!("port {} is taken; using {} instead", self.wanted, self.port()))
    }

    /// The open socket, for servers of this process.
    #[must_use]
    pub fn into_listener(self) -> TcpListener {
        self.listener
    }

    /// Lets go of the socket but not of the claim, for servers that open the port themselves. Call just before they do, and
    /// keep the claim for as long as they run.
    #[must_use]
    pub fn release(self) -> Claim {
        self.claim
    }
}

/// The port, or nothing when somebody has it.
fn take_exactly(port: u16) -> io::Result<Option<(TcpListener, Claim)>> {
    let lock = match lock(port) {
        Ok(lock) => Some(lock),
        Err(LockError::Held) => return Ok(None),
        Err(LockError::Unavailable) => None,
    };
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(listener) => {
            let address = listener.local_addr()?;
            Ok(Some((listener, Claim { address, _lock: lock })))
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) => Ok(None),
        Err(error) => Err(error),
    }
}

fn take_any() -> io::Result<(TcpListener, Claim)> {
    // Two networks that start together begin to look at different places.
    let offset = usize::try_from(std::process::id()).unwrap_or(0).wrapping_mul(37) % FALLBACK.len();
    for port in FALLBACK.skip(offset).chain(FALLBACK.take(offset)) {
        if let Some(taken) = take_exactly(port)? {
            return Ok(taken);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AddrInUse,
        format!("every port from {} to {} is taken", FALLBACK.start, FALLBACK.end),
    ))
}

enum LockError {
    Held,
    Unavailable,
}

/// A lock that all local networks of this user respect.
fn lock(port: u16) -> Result<File, LockError> {
    let dir = lock_dir();
    fs::create_dir_all(&dir).map_err(|_| LockError::Unavailable)?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(dir.join(port.to_string()));
    let file = file.map_err(|_| LockError::Unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(LockError::Held),
        Err(fs::TryLockError::Error(_)) => Err(LockError::Unavailable),
    }
}

fn lock_dir() -> PathBuf {
    env::temp_dir().join(format!("gantry-ports-{}", Uid::effective()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_gets_a_clear_message_and_another_port() {
        let first = Reserved::take(0).unwrap();
        let second = Reserved::take(first.port()).unwrap();
        assert_ne!(first.port(), second.port());
        assert_eq!(first.notice(), None);
        let notice = format!("port {} is taken; using {} instead", first.port(), second.port());
        assert_eq!(second.notice(), Some(notice));
    }

    #[test]
    fn a_free_port_is_the_one_that_was_wanted() {
        let port = Reserved::take(0).unwrap().release().address().port();
        let again = Reserved::take(port).unwrap();
        assert_eq!((again.port(), again.notice()), (port, None));
    }

    #[test]
    fn a_claimed_port_is_nobody_elses_while_nothing_listens_on_it() {
        let claim = Reserved::take(0).unwrap().release();
        assert_ne!(
            Reserved::take(claim.address().port()).unwrap().port(),
            claim.address().port()
        );
    }

    #[test]
    fn a_port_that_a_stranger_listens_on_is_taken() {
        let stranger = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let wanted = stranger.local_addr().unwrap().port();
        assert_ne!(Reserved::take(wanted).unwrap().port(), wanted);
    }
}
