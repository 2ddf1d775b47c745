//! One directory per job.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use gantry_sdk::{Keypair, Pubkey, Signer as _, receipt::CoSignedReceipt};
use serde::{Serialize, de::DeserializeOwned};

use super::{Record, SessionKey, StoredReceipt};
use crate::failure::Failure;

const RECORD: &str = "job.json";
const RECEIPT: &str = "receipt.json";
const BUNDLE: &str = "bundle.tar.gz";
const LOCK: &str = "lock";
const STOPPED: &str = "stopped";

/// All jobs that this user opened on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    root: PathBuf,
}

impl Store {
    /// The store below `root`; nothing is created yet.
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.join("jobs"),
        }
    }

    /// The directory of a job, whether it exists or not.
    pub(crate) fn job(&self, job: &Pubkey) -> JobDirectory {
        JobDirectory {
            path: self.root.join(job.to_string()),
        }
    }

    /// All jobs with a record.
    pub(crate) fn jobs(&self) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        if !self.root.exists() {
            return Ok(records);
        }
        for entry in fs::read_dir(&self.root).with_context(|| format!("cannot read {}", self.root.display()))? {
            if let Some(record) = (JobDirectory { path: entry?.path() }).find_record()? {
                records.push(record);
            }
        }
        records.sort_by_key(|record| record.created_at_ms);
        Ok(records)
    }

    /// The job that `text` names: an address, the beginning of one in this store, or `last`.
    pub(crate) fn resolve(&self, text: &str) -> Result<Pubkey> {
        if let Ok(address) = text.parse() {
            return Ok(address);
        }
        let records = self.jobs()?;
        if text == "last" {
            return records.last().map(|record| record.job).ok_or_else(|| {
                Failure::Usage("no job was opened from here yet; name one by its address".into()).into()
            });
        }
        let found: Vec<_> = records
            .iter()
            .filter(|record| record.job.to_string().starts_with(text))
            .collect();
        match found.as_slice() {
            [one] => Ok(one.job),
            [] => Err(Failure::Usage(format!(
                "{text:?} is neither an address nor the beginning of a job in `gantry ps`"
            ))
            .into()),
            several => {
                Err(Failure::Usage(format!("{} jobs begin with {text:?}; write more of it", several.len())).into())
            }
        }
    }
}

/// Where one job's files lie.
#[derive(Clone, Debug)]
pub(crate) struct JobDirectory {
    path: PathBuf,
}

impl JobDirectory {
    /// Creates the directory, readable by its owner alone: it holds a key.
    pub(crate) fn create(&self) -> Result<()> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.path)
            .with_context(|| {
                format!(
                    "cannot create {}; choose another place with --state-dir",
                    self.path.display()
                )
            })
    }

    /// Takes the right to act for the job; `None` while another process has it. Given back when the file is closed.
    pub(crate) fn lock(&self) -> Result<Option<File>> {
        let path = self.path.join(LOCK);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
        }
    }

    /// The record, if the job was opened from here.
    pub(crate) fn find_record(&self) -> Result<Option<Record>> {
        self.read(RECORD)
    }

    /// The record of a job that must have been opened from here.
    pub(crate) fn record(&self) -> Result<Record> {
        self.find_record()?.ok_or_else(|| {
            Failure::Usage(format!(
                "this machine has no session key for the job ({} is missing); go on where it was opened",
                self.path.join(RECORD).display()
            ))
            .into()
        })
    }

    /// Writes the record durably.
    pub(crate) fn save_record(&self, record: &Record) -> Result<()> {
        self.write(RECORD, record)
    }

    /// The job's session key, which is `present` on chain; `None` when neither the opening nor a rotation from here made it.
    pub(crate) fn session_key(&self, record: &Record, present: &Pubkey) -> Result<Option<Keypair>> {
        let rotated = self.read::<SessionKey>(&rotated(present))?;
        let known = [Some(record.session_key.clone()), rotated].into_iter().flatten();
        Ok(known.map(|key| key.0).find(|key| key.pubkey() == *present))
    }

    /// Writes a session key durably that the job is about to get. It lies beside the others: only the chain says which one counts.
    pub(crate) fn save_session_key(&self, key: &Keypair) -> Result<()> {
        self.write(&rotated(&key.pubkey()), &SessionKey(key.insecure_clone()))
    }

    /// Notes durably that the job is to end for good. A file of its own: the record belongs to the process that follows the job.
    pub(crate) fn note_stop(&self) -> Result<()> {
        self.write(STOPPED, &true)
    }

    /// Whether the job is to end for good.
    pub(crate) fn is_stopped(&self) -> Result<bool> {
        Ok(self.read(STOPPED)?.unwrap_or(false))
    }

    /// The newest receipt that both sides signed.
    pub(crate) fn receipt(&self) -> Result<Option<CoSignedReceipt>> {
        Ok(self.read::<StoredReceipt>(RECEIPT)?.and_then(|stored| stored.read()))
    }

    /// Writes the newest receipt durably.
    pub(crate) fn save_receipt(&self, signed: &CoSignedReceipt) -> Result<()> {
        self.write(RECEIPT, &StoredReceipt::new(signed))
    }

    /// Where the bundle lies.
    pub(crate) fn bundle(&self) -> PathBuf {
        self.path.join(BUNDLE)
    }

    /// Removes everything: the job was never opened.
    pub(crate) fn remove(&self) -> Result<()> {
        fs::remove_dir_all(&self.path).with_context(|| format!("cannot remove {}", self.path.display()))
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.path.join(name);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        serde_json::from_slice(&text)
            .map(Some)
            .with_context(|| format!("{} is damaged", path.display()))
    }

    /// Replaces a file in one step, so that a reader (or a restart) sees the old content or the new one, never half of it.
    fn write<T: Serialize>(&self, name: &str, value: &T) -> Result<()> {
        let (path, beside) = (self.path.join(name), self.path.join(format!("{name}.new")));
        let replace = || -> std::io::Result<()> {
            let mut file = OpenOptions::new()
                .create(true)
                .write(true)
                .truncate(true)
                .mode(0o600)
                .open(&beside)?;
            file.write_all(&serde_json::to_vec_pretty(value)?)?;
            file.sync_all()?;
            fs::rename(&beside, &path)?;
            File::open(&self.path)?.sync_all()
        };
        replace().with_context(|| format!("cannot write {}; nothing was signed or sent without it", path.display()))
    }
}

/// The file of a session key that the job got by a rotation.
fn rotated(key: &Pubkey) -> String {
    format!("session-{key}.json")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::record_for_tests;
    use gantry_protocol::Receipt;
    use gantry_sdk::receipt;
    use std::os::unix::fs::PermissionsExt as _;

    fn record(job: Pubkey, created_at_ms: i64) -> Record {
        Record {
            job,
            ..record_for_tests(created_at_ms)
        }
    }

    fn saved(store: &Store, record: &Record) -> JobDirectory {
        let directory = store.job(&record.job);
        directory.create().unwrap();
        directory.save_record(record).unwrap();
        directory
    }

    #[test]
    fn a_record_survives_with_its_session_key_and_only_its_owner_may_read_it() {
        let root = tempfile::tempdir().unwrap();
        let (store, record) = (Store::new(root.path()), record(Pubkey::new_from_array([9; 32]), 5));
        let directory = saved(&store, &record);
        let read = directory.record().unwrap();
        assert_eq!(read.session_key.0.pubkey(), record.session_key.0.pubkey());
        assert_eq!((read.job, read.created_at_ms), (record.job, 5));
        let mode = fs::metadata(directory.path.join(RECORD)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn every_session_key_from_here_is_found_by_what_the_chain_says_and_no_other() {
        let root = tempfile::tempdir().unwrap();
        let record = record(Pubkey::new_from_array([9; 32]), 5);
        let directory = saved(&Store::new(root.path()), &record);
        let (next, foreign) = (Keypair::new(), Keypair::new());
        directory.save_session_key(&next).unwrap();
        let found = |key: &Keypair| {
            let found = directory.session_key(&record, &key.pubkey()).unwrap();
            found.map(|found| found.pubkey())
        };
        for known in [&record.session_key.0, &next] {
            assert_eq!(found(known), Some(known.pubkey()));
        }
        assert_eq!(found(&foreign), None);
        let file = directory.path.join(format!("session-{}.json", next.pubkey()));
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_record_from_before_ends_and_failovers_were_kept_is_read_without_them() {
        let mut old = serde_json::to_value(record_for_tests(5)).unwrap();
        for later in ["ended_ms", "failover", "predecessor", "successor"] {
            old.as_object_mut().unwrap().remove(later).unwrap();
        }
        let read = serde_json::from_value::<Record>(old).unwrap();
        assert_eq!((read.ended_ms, read.failover), (None, None));
        assert!(read.predecessor.is_none() && read.successor.is_none());
    }

    #[test]
    fn a_job_that_is_to_end_for_good_is_so_after_a_restart_too() {
        let root = tempfile::tempdir().unwrap();
        let directory = saved(&Store::new(root.path()), &record(Pubkey::new_from_array([9; 32]), 5));
        assert!(!directory.is_stopped().unwrap());
        directory.note_stop().unwrap();
        assert!(directory.clone().is_stopped().unwrap());
    }

    #[test]
    fn a_receipt_is_read_back_and_a_damaged_one_is_not_used() {
        let root = tempfile::tempdir().unwrap();
        let directory = saved(&Store::new(root.path()), &record(Pubkey::new_from_array([9; 32]), 5));
        assert_eq!(directory.receipt().unwrap(), None);
        let (provider, tenant) = (Keypair::new(), Keypair::new());
        let made = Receipt {
            genesis_hash: [1; 32],
            job: [9; 32],
            sequence: 1,
            metered_ms: 5,
            time_ms: 6,
            flags: 0,
            samples_root: [0; 32],
        };
        let mut signed = CoSignedReceipt {
            receipt: made,
            provider_key: provider.pubkey(),
            provider_signature: receipt::sign(&provider, &made),
            tenant_key: tenant.pubkey(),
            tenant_signature: receipt::sign(&tenant, &made),
        };
        directory.save_receipt(&signed).unwrap();
        assert_eq!(directory.receipt().unwrap(), Some(signed.clone()));
        signed.receipt.metered_ms = 6;
        directory.save_receipt(&signed).unwrap();
        assert_eq!(directory.receipt().unwrap(), None);
    }

    #[test]
    fn a_job_is_found_by_the_beginning_of_its_address_and_as_the_last_one() {
        let root = tempfile::tempdir().unwrap();
        let store = Store::new(root.path());
        let (older, newer) = (Pubkey::new_from_array([9; 32]), Pubkey::new_from_array([200; 32]));
        saved(&store, &record(older, 5));
        saved(&store, &record(newer, 6));
        assert_eq!(store.resolve(&older.to_string()[..6]).unwrap(), older);
        assert_eq!(store.resolve("last").unwrap(), newer);
        assert!(
            store
                .resolve("zzzz")
                .unwrap_err()
                .to_string()
                .contains("neither an address")
        );
    }

    #[test]
    fn only_one_process_acts_for_a_job() {
        let root = tempfile::tempdir().unwrap();
        let directory = saved(&Store::new(root.path()), &record(Pubkey::new_from_array([9; 32]), 5));
        let held = directory.lock().unwrap();
        assert!(held.is_some() && directory.lock().unwrap().is_none());
        drop(held);
        assert!(directory.lock().unwrap().is_some());
    }
}
