//! What the log keeps beside receipts: the agent's memory of its jobs, and their samples.

use gantry_sdk::Pubkey;
use redb::{ReadableDatabase, ReadableTable};

use super::{
    error::{LogError, storage},
    log::{JOBS, RECEIPTS, ReceiptLog, SAMPLES},
};

impl ReceiptLog {
    /// Forgets everything about a job but the sequence that it reached, which must never be used again.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn forget(&self, job: &Pubkey) -> Result<(), LogError> {
        let all = (job.as_array(), 0)..=(job.as_array(), u64::MAX);
        self.write(|transaction| {
            transaction
                .open_table(RECEIPTS)
                .map_err(storage)?
                .retain_in(all.clone(), |_, _| false)
                .map_err(storage)?;
            transaction
                .open_table(SAMPLES)
                .map_err(storage)?
                .retain_in(all, |_, _| false)
                .map_err(storage)?;
            transaction
                .open_table(JOBS)
                .map_err(storage)?
                .remove(job.as_array())
                .map_err(storage)?;
            Ok(())
        })
    }

    /// The samples of a job, one after the other, as they went into its tree.
    ///
    /// # Errors
    /// [`LogError`] when the file cannot be read.
    pub fn samples(&self, job: &Pubkey) -> Result<Vec<u8>, LogError> {
        let samples = self
            .database
            .begin_read()
            .map_err(storage)?
            .open_table(SAMPLES)
            .map_err(storage)?;
        let mut bytes = Vec::new();
        for row in samples
            .range((job.as_array(), 0)..=(job.as_array(), u64::MAX))
            .map_err(storage)?
        {
            bytes.extend_from_slice(row.map_err(storage)?.1.value());
        }
        Ok(bytes)
    }

    /// Remembers what the agent knows of a job.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn remember(&self, job: &Pubkey, json: &[u8]) -> Result<(), LogError> {
        self.write(|transaction| {
            transaction
                .open_table(JOBS)
                .map_err(storage)?
                .insert(job.as_array(), json)
                .map_err(storage)?;
            Ok(())
        })
    }

    /// What the agent remembers of all its jobs.
    ///
    /// # Errors
    /// [`LogError::Storage`].
    pub fn remembered(&self) -> Result<Vec<(Pubkey, Vec<u8>)>, LogError> {
        let jobs = self
            .database
            .begin_read()
            .map_err(storage)?
            .open_table(JOBS)
            .map_err(storage)?;
        jobs.iter()
            .map_err(storage)?
            .map(|row| {
                let (job, json) = row.map_err(storage)?;
                Ok((Pubkey::new_from_array(*job.value()), json.value().to_vec()))
            })
            .collect()
    }
}
