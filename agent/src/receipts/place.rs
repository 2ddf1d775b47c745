//! Where a log lies, so that a copy knows that it is one.
//!
//! A copy may be older than the original: the receipts that were signed after it was taken are not in it, and going on from it would
//! sign their sequences a second time with other contents, which is proof of fraud. What a copy cannot take along is the place: the
//! machine, and the file's number and time of birth in its file system. (A whole machine that is put back, disk and all, looks the
//! same from inside; there only the comparison with the chain helps.)

use gantry_sdk::Pubkey;
use redb::{ReadableTable, ReadableTableMetadata, TableDefinition};
use serde::{Deserialize, Serialize};
use std::{
    fs, io,
    os::unix::fs::MetadataExt,
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use super::{
    error::{LogError, storage},
    log::{GIVEN_UP, JOBS, METERS, ReceiptLog},
};

/// One row: the [`Place`] as JSON.
const PLACE: TableDefinition<'_, (), &[u8]> = TableDefinition::new("place");

/// Names of this machine that outlast its restarts; a container may have none.
const MACHINE_IDS: [&str; 2] = ["/etc/machine-id", "/var/lib/dbus/machine-id"];

/// What to do with jobs in a log that is a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// Do not open it.
    Refuse,
    /// Never sign for them again.
    GiveUpJobs,
}

/// A file on a machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    machine: String,
    device: u64,
    inode: u64,
    /// Nanoseconds of Unix time, where the file system notes it.
    born_ns: Option<u64>,
}

impl Place {
    fn of(path: &Path) -> io::Result<Self> {
        let metadata = fs::metadata(path)?;
        let machine = MACHINE_IDS.iter().find_map(|file| fs::read_to_string(file).ok());
        let born = metadata.created().ok();
        let born_ns = born.and_then(|born: SystemTime| born.duration_since(UNIX_EPOCH).ok());
        Ok(Self {
            machine: machine.unwrap_or_default().trim().to_owned(),
            device: metadata.dev(),
            inode: metadata.ino(),
            born_ns: born_ns.and_then(|born| born.as_nanos().try_into().ok()),
        })
    }

    /// Whether it is the same file. Numbers of devices may change when a machine restarts, so they count only where nothing better is
    /// known.
    fn is(&self, other: &Self) -> bool {
        let file = match (self.born_ns, other.born_ns) {
            (Some(one), Some(two)) => one == two,
            _ => self.device == other.device,
        };
        file && self.inode == other.inode && self.machine == other.machine
    }
}

impl ReceiptLog {
    /// Compares where the log lies with where it lay, and writes the place down. In a copy every job is given up in the same
    /// transaction, so that no crash can part the two.
    pub(super) fn settle_in(&self, path: &Path, moved: Moved) -> Result<(), LogError> {
        let here = Place::of(path).map_err(storage)?;
        let json = serde_json::to_vec(&here).map_err(storage)?;
        self.write(|transaction| {
            let mut places = transaction.open_table(PLACE).map_err(storage)?;
            let there: Option<Place> = match places.get(()).map_err(storage)? {
                Some(row) => Some(serde_json::from_slice(row.value()).map_err(storage)?),
                None => None,
            };
            if there.is_some_and(|there| !there.is(&here)) {
                let jobs = transaction.open_table(JOBS).map_err(storage)?;
                let count = jobs.len().map_err(storage)?;
                if count > 0 && moved == Moved::Refuse {
                    return Err(LogError::Moved {
                        path: path.display().to_string(),
                        jobs: count,
                    });
                }
                let meters = transaction.open_table(METERS).map_err(storage)?;
                let mut given_up = transaction.open_table(GIVEN_UP).map_err(storage)?;
                for row in jobs.iter().map_err(storage)? {
                    given_up.insert(row.map_err(storage)?.0.value(), ()).map_err(storage)?;
                }
                for row in meters.iter().map_err(storage)? {
                    given_up.insert(row.map_err(storage)?.0.value(), ()).map_err(storage)?;
                }
                tracing::warn!(log = %path.display(), jobs = count, "the receipt log is a copy; its jobs are given up");
            }
            places.insert((), json.as_slice()).map_err(storage)?;
            Ok(())
        })
    }

    /// Signs nothing more for a job, for good.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn give_up(&self, job: &Pubkey) -> Result<(), LogError> {
        self.write(|transaction| {
            let mut given_up = transaction.open_table(GIVEN_UP).map_err(storage)?;
            given_up.insert(job.as_array(), ()).map_err(storage)?;
            Ok(())
        })
    }

    /// Whether nothing is signed for a job any more.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn is_given_up(&self, job: &Pubkey) -> Result<bool, LogError> {
        use redb::ReadableDatabase;
        let transaction = self.database.begin_read().map_err(storage)?;
        let given_up = transaction.open_table(GIVEN_UP).map_err(storage)?;
        Ok(given_up.get(job.as_array()).map_err(storage)?.is_some())
    }
}
