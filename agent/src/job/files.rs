//! A job's files: they go as soon as nobody needs them, for the disk belongs to all jobs.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};
use tokio::task::spawn_blocking;

use super::task::Task;

impl Task {
    /// Removes what only a running workload needs; its results and its log stay for the tenant.
    pub(super) async fn clear_away(&self) {
        let directory = self.directory.clone();
        let cleared = spawn_blocking(move || {
            remove(&directory.work());
            remove(&directory.bundle());
        });
        if let Err(error) = cleared.await {
            tracing::warn!(job = %self.address, %error, "the workload's files could not be removed");
        }
    }
}

/// Removes a file or a directory, also when the workload has closed parts of it to its own user.
pub(super) fn remove(path: &Path) {
    let Ok(metadata) = path.symlink_metadata() else { return };
    if !metadata.is_dir() {
        if let Err(error) = fs::remove_file(path) {
            tracing::warn!(path = %path.display(), %error, "an ended job's file could not be removed");
        }
        return;
    }
    if fs::remove_dir_all(path).is_ok() {
        return;
    }
    open_up(path);
    if let Err(error) = fs::remove_dir_all(path) {
        tracing::warn!(path = %path.display(), %error, "an ended job's files could not be removed");
    }
}

fn open_up(directory: &Path) {
    let _ = fs::set_permissions(directory, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}
