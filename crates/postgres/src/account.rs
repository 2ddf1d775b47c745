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

use nix::unistd::{Gid, Uid, User, getgroups};

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
        } else if self.is_in_group(metadata.gid()) {
            mode & 0o010 != 0
        } else {
            mode & 0o001 != 0
        }
    }

    /// An account that programs change to has one group there; we ourselves may have more.
    fn is_in_group(self, gid: u32) -> bool {
        let is_one_of_ours = || getgroups().is_ok_and(|groups| groups.contains(&Gid::from_raw(gid)));
        gid == self.gid.as_raw() || (!self.change && is_one_of_ours())
    }
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt};

    use super::*;

    #[test]
    fn a_directory_open_to_any_of_our_groups_may_be_entered() {
        // Some containers give their processes no further group.
        let Some(group) = getgroups().unwrap().first().copied() else {
            return;
        };
        let dir = tempfile::tempdir().unwrap();
        chown(dir.path(), None, Some(group.as_raw())).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o710)).unwrap();
        let metadata = fs::metadata(dir.path()).unwrap();
        let strangers = |change| Account {
            uid: Uid::from_raw(54_321),
            gid: Gid::from_raw(54_321),
            change,
        };
        assert!(strangers(false).may_enter(&metadata));
        // Programs that change to an account lose our groups.
        assert!(!strangers(true).may_enter(&metadata));
    }
}
