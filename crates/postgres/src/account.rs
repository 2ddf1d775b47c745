//! The account that the server runs as: Postgres refuses to run as root.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, chown},
        process::CommandExt,
    },
    path::Path,
    process::Command,
};

use nix::unistd::{Gid, Uid, User};

use crate::error::{Error, Trying};

/// An account of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    uid: Uid,
    gid: Gid,
    /// Whether programs must change to this account, because we are root.
    change: bool,
}

impl Account {
    /// The account for the server: our own, or `postgres` (then `nobody`) when we are root.
    pub(crate) fn for_server() -> Result<Self, Error> {
        if !Uid::effective().is_root() {
            return Ok(Self {
                uid: Uid::effective(),
                gid: Gid::effective(),
                change: false,
            });
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| User::from_name(name).ok().flatten())
            .filter(|user| !user.uid.is_root())
            .map(|user| Self {
                uid: user.uid,
                gid: user.gid,
                change: true,
            })
            .ok_or(Error::NoUnprivilegedAccount)
    }

    /// Makes `command` run as this account; it loses root's supplementary groups too.
    pub(crate) fn apply(self, command: &mut Command) {
        if self.change {
            command.uid(self.uid.as_raw()).gid(self.gid.as_raw());
        }
    }

    /// Gives a file or directory to this account.
    pub(crate) fn give(self, path: &Path) -> Result<(), Error> {
        if self.change {
            chown(path, Some(self.uid.as_raw()), Some(self.gid.as_raw()))
                .trying(|| format!("give {} to the account that runs Postgres", path.display()))?;
        }
        Ok(())
    }

    /// Whether the path belongs to this account or to us.
    pub(crate) fn may_keep(self, metadata: &fs::Metadata) -> bool {
        metadata.uid() == self.uid.as_raw() || metadata.uid() == Uid::effective().as_raw()
    }

    /// Whether this account may pass through the directory to what lies inside.
    pub(crate) fn may_enter(self, metadata: &fs::Metadata) -> bool {
        let mode = metadata.mode();
        if metadata.uid() == self.uid.as_raw() {
            mode & 0o100 != 0
        } else if metadata.gid() == self.gid.as_raw() {
            mode & 0o010 != 0
        } else {
            mode & 0o001 != 0
        }
    }
}
