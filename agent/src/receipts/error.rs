//! Why the log did not do as asked.

use gantry_sdk::{Pubkey, receipt};
use std::fmt::Display;

/// Why the log did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file cannot be opened.
    #[error(
        "the receipt log {path} cannot be opened: {reason}; if another agent uses this data directory, stop it first"
    )]
    Open {
        /// Which file.
        path: String,
        /// Why.
        reason: String,
    },
    /// The disk failed. Nothing was signed.
    #[error("the receipt log could not be written, so nothing was signed: {0}")]
    Storage(String),
    /// A row is not what was written. Only its own job suffers: the agent signs nothing for it and serves the others.
    #[error("the receipt log holds a damaged row for job {0}; nothing is signed for it any more")]
    Damaged(Pubkey),
    /// The file was copied or restored.
    #[error(
        "the receipt log {path} is a copy: it lies on another machine, or is another file, than the one that receipts were signed in. \
         The original may have signed later receipts for the {jobs} jobs in it, and two receipts of one sequence are proof of fraud, so \
         the agent does not go on with them. If the original still exists, put it back in place. If it is lost for good, start once with \
         --accept-restored-log: these jobs are then settled up to the last receipt that their tenants signed, and closed"
    )]
    Moved {
        /// Which file.
        path: String,
        /// Jobs that the agent remembers in it.
        jobs: u64,
    },
    /// This log is known not to hold everything that was signed for the job.
    #[error("nothing is signed for job {0} any more: this receipt log may not hold everything that was signed for it")]
    GivenUp(Pubkey),
    /// The chain has a later receipt than the log.
    #[error(
        "the chain has settled receipt {settled} of job {job}, but this receipt log knows only {known}: it is an older copy, so nothing \
         is signed for the job any more"
    )]
    Behind {
        /// Which job.
        job: Pubkey,
        /// Sequence on chain.
        settled: u64,
        /// Sequence in the log.
        known: u64,
    },
    /// Whether the log is the newest could not be found out.
    #[error("after its start the agent signs nothing before it has compared its receipt log with the chain: {0}")]
    Uncompared(String),
    /// The job's final receipt was already signed.
    #[error("the final receipt of job {0} was already signed")]
    Final(Pubkey),
    /// Less usage than an earlier receipt claims.
    #[error("a receipt over {claimed_ms} ms would take back what an earlier one claims, {signed_ms} ms")]
    Regressed {
        /// What was asked for.
        claimed_ms: u64,
        /// What is signed.
        signed_ms: u64,
    },
    /// The tenant signed something that this agent did not.
    #[error("the agent never signed this receipt; countersign exactly the bytes that it sent")]
    Unknown,
    /// The tenant's signature does not fit.
    #[error(transparent)]
    Signature(#[from] receipt::ReceiptError),
}

pub(super) fn storage(error: impl Display) -> LogError {
    LogError::Storage(error.to_string())
}

impl LogError {
    /// Whether nothing will ever be signed for the job again.
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        matches!(self, Self::Damaged(_) | Self::GivenUp(_) | Self::Behind { .. })
    }
}
