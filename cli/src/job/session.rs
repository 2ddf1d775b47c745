//! The session key that a job has now.

use anyhow::Result;
use gantry_sdk::{
    Keypair,
    market::state::{Job, JobState},
};

use crate::{
    failure::Failure,
    state::{JobDirectory, Record},
};

/// The key that the chain names, when it was made here. An ended job's key no longer matters: any will do.
pub(crate) fn present(directory: &JobDirectory, record: &Record, job: &Job) -> Result<Keypair> {
    let ended = matches!(job.state(), Some(JobState::Closed | JobState::Cancelled));
    let present = directory.session_key(record, &job.session_key)?;
    let present = present.or_else(|| ended.then(|| record.session_key.0.insecure_clone()));
    present.ok_or_else(|| {
        Failure::Usage(format!(
            "the session key of job {} was rotated elsewhere; act for the job where that was done, or rotate it here with \
             `gantry rotate-key {}`",
            record.job, record.job
        ))
        .into()
    })
}
