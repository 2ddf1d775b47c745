//! What can go wrong with a cluster, each with what to do about it.

use std::{io, path::PathBuf};

/// Why a cluster could not be created, started or asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No `initdb` and `postgres` under `/usr/lib/postgresql/*/bin` or on the `PATH`.
    #[error(
        "Postgres is not installed: no `initdb` and `postgres` under /usr/lib/postgresql/*/bin or on the PATH; \
         install it with `apt-get install postgresql`, or set DATABASE_URL to a server that is already running"
    )]
    NotInstalled,
    /// The data directory was written by a version of Postgres that is not installed.
    #[error(
        "the database in {} was made by Postgres {version}, which is not installed; install it with \
         `apt-get install postgresql-{version}`, or delete the directory to start with an empty database", data_dir.display()
    )]
    OtherVersion {
        /// The directory that holds the cluster.
        data_dir: PathBuf,
        /// The major version that wrote it.
        version: String,
    },
    /// Postgres refuses to run as root and there is no other account to run it as.
    #[error(
        "Postgres refuses to run as root, and neither `postgres` nor `nobody` is an account of this machine; \
         run as an ordinary user, or add an account with `useradd --system postgres`"
    )]
    NoUnprivilegedAccount,
    /// Another living process owns this directory.
    #[error(
        "the database in {} is in use by process {owner}; stop that process, or choose another data directory", data_dir.display()
    )]
    InUse {
        /// The directory that holds the cluster.
        data_dir: PathBuf,
        /// The process that holds its lock, as it wrote itself down.
        owner: String,
    },
    /// A directory on a predictable path belongs to someone else.
    #[error("{} belongs to another user, so it is not safe to keep a database in it; remove it", path.display())]
    ForeignDirectory {
        /// The directory in question.
        path: PathBuf,
    },
    /// A name that Postgres would not take as a database.
    #[error("{name:?} is not a usable database name: use 1 to 63 letters, digits and underscores")]
    DatabaseName {
        /// The name as given.
        name: String,
    },
    /// One of Postgres's programs refused.
    #[error("`{program}` failed: {message}")]
    Program {
        /// The program's name.
        program: &'static str,
        /// What it wrote to standard error.
        message: String,
    },
    /// The server ended, or did not become ready in time.
    #[error("Postgres did not start: {reason}; the end of its log {}:\n{tail}", log.display())]
    NotStarted {
        /// What was seen.
        reason: String,
        /// The server's log.
        log: PathBuf,
        /// The last lines of that log.
        tail: String,
    },
    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried.
        action: String,
        /// Why it failed.
        source: io::Error,
    },
}

/// Gives an operating system error the words for what was being tried.
pub(crate) trait Trying<T> {
    /// Names the action, in the form that follows "cannot".
    fn trying(self, action: impl FnOnce() -> String) -> Result<T, Error>;
}

impl<T> Trying<T> for io::Result<T> {
    fn trying(self, action: impl FnOnce() -> String) -> Result<T, Error> {
        self.map_err(|source| Error::Io {
            action: action(),
            source,
        })
    }
}
