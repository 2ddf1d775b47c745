//! The log itself: an embedded database with one synchronous commit per signature.
//!
//! Invariant: a signature leaves only after the receipt under it is on disk.
//! Invariant: one sequence of one job has one content, whatever is killed when.
//! Invariant: what a tenant has signed is on disk before the tenant hears that it was taken.
//! Invariant: a log that was copied or restored signs nothing for the jobs in it ([`super::place`]).

use gantry_protocol::{
    Receipt,
    merkle::{self, Sample},
    receipt::FLAG_FINAL,
};
use gantry_sdk::{Keypair, Pubkey, Signature, Signer, receipt};
use redb::{Builder, Database, Durability, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition};
use std::path::Path;

use super::{
    error::{LogError, storage},
    place,
    row::{MeterState, SignedRow},
};

/// `(job, sequence)` → [`SignedRow`].
pub(super) const RECEIPTS: TableDefinition<'_, (&[u8; 32], u64), &[u8]> = TableDefinition::new("receipts");
/// `job` → [`MeterState`]. Rows stay for good: they are what keeps a sequence from being used twice.
pub(super) const METERS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("meters");
/// `(job, number of the first sample)` → samples, one after the other.
pub(super) const SAMPLES: TableDefinition<'_, (&[u8; 32], u64), &[u8]> = TableDefinition::new("samples");
/// `job` → what the agent remembers of it, as JSON.
pub(super) const JOBS: TableDefinition<'_, &[u8; 32], &[u8]> = TableDefinition::new("jobs");

/// `job` → nothing: jobs for which this log may not hold everything that was signed.
pub(super) const GIVEN_UP: TableDefinition<'_, &[u8; 32], ()> = TableDefinition::new("given-up");

/// The rows in use at any time are few; the database's default of a gigabyte would only hide leaks.
const CACHE_BYTES: usize = 2 << 20;

/// What the next receipt shall say.
#[derive(Clone, Copy, Debug)]
pub struct Draft<'a> {
    /// Genesis hash of the cluster.
    pub genesis_hash: [u8; 32],
    /// Address of the job.
    pub job: Pubkey,
    /// Metered milliseconds so far.
    pub metered_ms: u64,
    /// Unix time in milliseconds.
    pub time_ms: i64,
    /// Whether it is the last one.
    pub is_final: bool,
    /// Samples since the last one.
    pub samples: &'a [Sample],
}

/// The durable log.
#[derive(Debug)]
pub struct ReceiptLog {
    pub(super) database: Database,
}

impl ReceiptLog {
    /// Opens or creates the log. Only one process can have it open.
    ///
    /// # Errors
    /// [`LogError::Open`], and [`LogError::Moved`] when it is a copy of the log that its jobs' receipts were signed in.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let log = Self::open_anywhere(path)?;
        log.settle_in(path, place::Moved::Refuse)?;
        Ok(log)
    }

    /// Opens a log that may be a copy, at the operator's word: gives up all jobs in it, if it is one.
    ///
    /// # Errors
    /// [`LogError::Open`].
    pub fn open_restored(path: &Path) -> Result<Self, LogError> {
        let log = Self::open_anywhere(path)?;
        log.settle_in(path, place::Moved::GiveUpJobs)?;
        Ok(log)
    }

    fn open_anywhere(path: &Path) -> Result<Self, LogError> {
        let failed = |reason: String| LogError::Open {
            path: path.display().to_string(),
            reason,
        };
        let database = Builder::new()
            .set_cache_size(CACHE_BYTES)
            .create(path)
            .map_err(|error| failed(error.to_string()))?;
        Self::prepare(database).map_err(|error| failed(error.to_string()))
    }

    /// Opens the log on another storage than a file.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn on(backend: impl StorageBackend) -> Result<Self, LogError> {
        Self::prepare(
            Builder::new()
                .set_cache_size(CACHE_BYTES)
                .create_with_backend(backend)
                .map_err(storage)?,
        )
    }

    fn prepare(database: Database) -> Result<Self, LogError> {
        let log = Self { database };
        log.write(|transaction| {
            transaction.open_table(RECEIPTS).map_err(storage)?;
            transaction.open_table(METERS).map_err(storage)?;
            transaction.open_table(SAMPLES).map_err(storage)?;
            transaction.open_table(JOBS).map_err(storage)?;
            transaction.open_table(GIVEN_UP).map_err(storage)?;
            Ok(())
        })?;
        Ok(log)
    }

    /// Runs `change` in one transaction that is on disk when this returns.
    pub(super) fn write<T>(
        &self,
        change: impl FnOnce(&redb::WriteTransaction) -> Result<T, LogError>,
    ) -> Result<T, LogError> {
        let mut transaction = self.database.begin_write().map_err(storage)?;
        transaction.set_durability(Durability::Immediate).map_err(storage)?;
        let result = change(&transaction)?;
        transaction.commit().map_err(storage)?;
        Ok(result)
    }

    /// Signs the next receipt of a job and writes it down; returns it only once it is on disk.
    ///
    /// # Errors
    /// [`LogError`]; nothing has been signed that could leave.
    pub fn issue(&self, draft: &Draft<'_>, key: &Keypair) -> Result<SignedRow, LogError> {
        let job = draft.job.as_array();
        self.write(|transaction| {
            let given_up = transaction.open_table(GIVEN_UP).map_err(storage)?;
            if given_up.get(job).map_err(storage)?.is_some() {
                return Err(LogError::GivenUp(draft.job));
            }
            let mut meters = transaction.open_table(METERS).map_err(storage)?;
            let mut state = match meters.get(job).map_err(storage)? {
                Some(row) => MeterState::from_bytes(row.value()).ok_or(LogError::Damaged(draft.job))?,
                None => MeterState::default(),
            };
            if state.is_final {
                return Err(LogError::Final(draft.job));
            }
            if draft.metered_ms < state.metered_ms {
                return Err(LogError::Regressed {
                    claimed_ms: draft.metered_ms,
                    signed_ms: state.metered_ms,
                });
            }
            let first_sample = state.samples.size();
            let mut sample_bytes = Vec::with_capacity(draft.samples.len() * merkle::SAMPLE_BYTES);
            for sample in draft.samples {
                let bytes = sample.to_bytes();
                if !state.samples.push(merkle::leaf(&bytes)) {
                    return Err(LogError::Storage("the sample tree is full".to_owned()));
                }
                sample_bytes.extend_from_slice(&bytes);
            }
            state.sequence += 1;
            state.metered_ms = draft.metered_ms;
            state.is_final = draft.is_final;
            let receipt = Receipt {
                genesis_hash: draft.genesis_hash,
                job: *job,
                sequence: state.sequence,
                metered_ms: state.metered_ms,
                time_ms: draft.time_ms,
                flags: if draft.is_final { FLAG_FINAL } else { 0 },
                samples_root: state.samples.root(),
            };
            let signed = SignedRow {
                receipt,
                provider_key: key.pubkey(),
                provider_signature: receipt::sign(key, &receipt),
                tenant_signature: None,
            };
            let mut receipts = transaction.open_table(RECEIPTS).map_err(storage)?;
            let before = receipts
                .insert((job, state.sequence), signed.to_bytes().as_slice())
                .map_err(storage)?;
            if before.is_some() {
                // The meter's row and the receipts are written together, so this is a damaged file; signing would be fraud.
                return Err(LogError::Damaged(draft.job));
            }
            if !sample_bytes.is_empty() {
                let mut samples = transaction.open_table(SAMPLES).map_err(storage)?;
                samples
                    .insert((job, first_sample), sample_bytes.as_slice())
                    .map_err(storage)?;
            }
            meters.insert(job, state.to_bytes().as_slice()).map_err(storage)?;
            drop(before);
            Ok(signed)
        })
    }

    /// Checks and keeps the tenant's signature of a receipt. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`LogError::Unknown`] when the agent did not sign these bytes, [`LogError::Signature`] when the signature does not fit.
    pub fn countersign(
        &self,
        receipt: &Receipt,
        tenant_key: &Pubkey,
        signature: &Signature,
    ) -> Result<SignedRow, LogError> {
        receipt::verify(tenant_key, signature, receipt)?;
        let known = self
            .row(&receipt.job, receipt.sequence)?
            .filter(|row| row.receipt == *receipt)
            .ok_or(LogError::Unknown)?;
        // A signature by a session key that was rotated since makes place for the new key's.
        let is_kept = |kept: &Signature| kept == signature || receipt::verify(tenant_key, kept, receipt).is_ok();
        if known.tenant_signature.as_ref().is_some_and(is_kept) {
            return Ok(known);
        }
        let signed = SignedRow {
            tenant_signature: Some(*signature),
            ..known
        };
        self.write(|transaction| {
            let mut receipts = transaction.open_table(RECEIPTS).map_err(storage)?;
            receipts
                .insert((&receipt.job, receipt.sequence), signed.to_bytes().as_slice())
                .map_err(storage)?;
            Ok(())
        })?;
        Ok(signed)
    }

    fn row(&self, job: &[u8; 32], sequence: u64) -> Result<Option<SignedRow>, LogError> {
        let receipts = self
            .database
            .begin_read()
            .map_err(storage)?
            .open_table(RECEIPTS)
            .map_err(storage)?;
        let Some(row) = receipts.get((job, sequence)).map_err(storage)? else {
            return Ok(None);
        };
        SignedRow::from_bytes(row.value())
            .map(Some)
            .ok_or_else(|| LogError::Damaged(Pubkey::new_from_array(*job)))
    }

    /// Where a job's claims stand; nothing was claimed for a job that the log does not know.
    ///
    /// # Errors
    /// [`LogError`] when the file cannot be read.
    pub fn meter(&self, job: &Pubkey) -> Result<MeterState, LogError> {
        let meters = self
            .database
            .begin_read()
            .map_err(storage)?
            .open_table(METERS)
            .map_err(storage)?;
        match meters.get(job.as_array()).map_err(storage)? {
            Some(row) => MeterState::from_bytes(row.value()).ok_or(LogError::Damaged(*job)),
            None => Ok(MeterState::default()),
        }
    }

    /// The receipts of a job that are kept, newest first.
    ///
    /// # Errors
    /// [`LogError`] when the file cannot be read.
    pub fn newest_first(&self, job: &Pubkey) -> Result<Vec<SignedRow>, LogError> {
        let receipts = self
            .database
            .begin_read()
            .map_err(storage)?
            .open_table(RECEIPTS)
            .map_err(storage)?;
        let rows = receipts
            .range((job.as_array(), 0)..=(job.as_array(), u64::MAX))
            .map_err(storage)?;
        rows.rev()
            .map(|row| SignedRow::from_bytes(row.map_err(storage)?.1.value()).ok_or(LogError::Damaged(*job)))
            .collect()
    }

    /// Forgets receipts that can no longer matter: those older than `sequence`, which is settled on chain.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn forget_before(&self, job: &Pubkey, sequence: u64) -> Result<(), LogError> {
        self.write(|transaction| {
            let mut receipts = transaction.open_table(RECEIPTS).map_err(storage)?;
            receipts
                .retain_in((job.as_array(), 0)..(job.as_array(), sequence), |_, _| false)
                .map_err(storage)
        })
    }
}
