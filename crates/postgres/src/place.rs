//! Where a cluster's files lie, given what the server's account can reach.

use std::{
    ffi::OsStr,
    fs::{self, DirBuilder, File, Permissions},
    hash::{DefaultHasher, Hash, Hasher},
    os::unix::{
        ffi::OsStrExt,
        fs::{DirBuilderExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use crate::{
    account::Account,
    error::{Error, Trying},
};

/// A Unix socket's path must fit into 108 bytes with its terminator; the file's own name takes about 16 of them.
const SOCKET_DIR_MAX_BYTES: usize = 90;
/// Where clusters live that were wanted where the server's account cannot go; a hash of the place wanted follows.
const SUBSTITUTES: &str = "/var/tmp/gantry-postgres";

/// The file whose lock says who owns the cluster.
const LOCK: &str = "owner";

/// The directory of a cluster and the places inside it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    root: PathBuf,
    socket_dir: PathBuf,
}

impl Place {
    /// Prepares `wanted`, or a directory elsewhere when the server's account cannot reach it.
    ///
    /// Root keeps its home and `mktemp -d` directories closed to everyone else, and Postgres will not run as root: a
    /// cluster wanted there lives under `/var/tmp`, in a directory named after the one wanted, so that a later start finds it.
    /// It is removed by some later start after the directory wanted is gone.
    pub(crate) fn prepare(wanted: &Path, account: Account) -> Result<Self, Error> {
        fs::create_dir_all(wanted).trying(|| format!("create {}", wanted.display()))?;
        let wanted = wanted.canonicalize().trying(|| format!("open {}", wanted.display()))?;
        let root = if reachable(&wanted, account) {
            wanted
        } else {
            remove_abandoned(account);
            let root = substitute(SUBSTITUTES, &wanted);
            own_private_dir(&root, account)?;
            let note = wanted_note(&root);
            fs::write(&note, wanted.as_os_str().as_bytes()).trying(|| format!("write {}", note.display()))?;
            root
        };
        own_private_dir(&root, account)?;

        let beside_data = root.join("socket");
        let fits = beside_data.as_os_str().len() <= SOCKET_DIR_MAX_BYTES;
        let socket_dir = if fits {
            beside_data
        } else {
            substitute("/tmp/gantry-pg", &root)
        };
        own_private_dir(&socket_dir, account)?;
        Ok(Self { root, socket_dir })
    }

    /// The cluster's directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What `initdb` writes and the server works on.
    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// Where `initdb` works until it has finished, so that half a cluster is never taken for a whole one.
    pub(crate) fn unfinished_data(&self) -> PathBuf {
        self.root.join("data.unfinished")
    }

    /// The server's log.
    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("postgres.log")
    }

    /// The password of the cluster's only role, readable by its owner.
    pub(crate) fn password(&self) -> PathBuf {
        self.root.join("password")
    }

    /// The file whose lock says who owns the cluster.
    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join(LOCK)
    }

    /// The directory of the server's Unix socket.
    pub(crate) fn socket_dir(&self) -> &Path {
        &self.socket_dir
    }

    /// The same, while it lies elsewhere than the other files: removed when dropped, since nobody else would. The next start makes a
    /// new one.
    pub(crate) fn distant_socket_dir(&self) -> Option<DistantSocketDir> {
        let is_distant = !self.socket_dir.starts_with(&self.root);
        is_distant.then(|| DistantSocketDir(self.socket_dir.clone()))
    }
}

/// A directory for a socket alone.
#[derive(Debug)]
pub(crate) struct DistantSocketDir(PathBuf);

impl Drop for DistantSocketDir {
    fn drop(&mut self) {
        // Ours alone, as was checked when it was prepared. What cannot be removed does no harm.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Removes substitutes whose wanted directory is gone and that nobody uses. What cannot be removed is left for another time.
fn remove_abandoned(account: Account) {
    let Some((parent, prefix)) = SUBSTITUTES.rsplit_once('/') else {
        return;
    };
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for root in entries.filter(|entry| entry.file_name().as_bytes().starts_with(prefix.as_bytes())) {
        let root = root.path();
        let is_ours = fs::symlink_metadata(&root).is_ok_and(|found| found.is_dir() && account.may_keep(&found));
        let is_abandoned =
            fs::read(wanted_note(&root)).is_ok_and(|wanted| !Path::new(OsStr::from_bytes(&wanted)).exists());
        let is_unused = || File::open(root.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
        if is_ours && is_abandoned && is_unused() {
            let _ = fs::remove_dir_all(&root);
        }
    }
}

/// The file in a substitute that says what it stands for.
fn wanted_note(root: &Path) -> PathBuf {
    root.join("stands-for")
}

/// The first of the system's directories for temporary files that the server's account can reach.
pub(crate) fn temporary_root(account: Account) -> PathBuf {
    let wanted = std::env::temp_dir();
    [wanted.clone(), PathBuf::from("/tmp"), PathBuf::from("/var/tmp")]
        .into_iter()
        .find(|dir| reachable(dir, account) && fs::metadata(dir).is_ok_and(|found| account.may_enter(&found)))
        .unwrap_or(wanted)
}

/// Whether `account` may pass through every parent of `path`.
fn reachable(path: &Path, account: Account) -> bool {
    path.ancestors()
        .skip(1)
        .all(|parent| fs::metadata(parent).is_ok_and(|found| account.may_enter(&found)))
}

/// A short path that is the same for the same original.
fn substitute(prefix: &str, original: &Path) -> PathBuf {
    let mut hasher = DefaultHasher::new();
    original.hash(&mut hasher);
    PathBuf::from(format!("{prefix}-{:016x}", hasher.finish()))
}

/// Creates `path` for `account` alone. The path may be predictable, so one that someone else put there is refused.
fn own_private_dir(path: &Path, account: Account) -> Result<(), Error> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() && account.may_keep(&found) => {}
        Ok(_) => return Err(Error::ForeignDirectory { path: path.to_owned() }),
        Err(_) => DirBuilder::new()
            .mode(0o700)
            .create(path)
            .trying(|| format!("create {}", path.display()))?,
    }
    fs::set_permissions(path, Permissions::from_mode(0o700)).trying(|| format!("make {} private", path.display()))?;
    account.give(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_directory_gets_a_short_socket_path() {
        let long = tempfile::tempdir().unwrap();
        let wanted = long.path().join("d".repeat(100));
        let place = Place::prepare(&wanted, Account::for_server().unwrap()).unwrap();
        let socket_dir = place.socket_dir().to_owned();
        assert!(socket_dir.as_os_str().len() <= SOCKET_DIR_MAX_BYTES);
        drop(place.distant_socket_dir());
        assert!(!socket_dir.exists());
        fs::remove_dir_all(place.root()).unwrap();
    }

    #[test]
    fn the_same_wanted_directory_always_leads_to_the_same_place() {
        assert_eq!(substitute("/x", Path::new("/a/b")), substitute("/x", Path::new("/a/b")));
        assert_ne!(substitute("/x", Path::new("/a/b")), substitute("/x", Path::new("/a/c")));
    }
}
