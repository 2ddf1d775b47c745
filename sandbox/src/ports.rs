//! Well-known ports where they are free, others where they are not.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

/// A reserved port and whether it is the one that was wanted.
#[derive(Debug)]
pub struct Reserved {
    listener: TcpListener,
    address: SocketAddr,
    wanted: u16,
}

impl Reserved {
    /// Takes `wanted` on 127.0.0.1, or any free port when it is taken.
    ///
    /// # Errors
    /// When not a single port is free.
    pub fn take(wanted: u16) -> io::Result<Self> {
        let bind = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = bind(wanted).or_else(|_| bind(0))?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            wanted,
        })
    }

    /// The port that was taken.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The address that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
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

    /// Lets go of the port, for servers that open it themselves. Call just before they do.
    #[must_use]
    pub fn release(self) -> SocketAddr {
        self.address
    }
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
        let port = Reserved::take(0).unwrap().release().port();
        let again = Reserved::take(port).unwrap();
        assert_eq!((again.port(), again.notice()), (port, None));
    }
}
