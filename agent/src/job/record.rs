//! What the agent remembers of a job across its own restarts.

use bytemuck::bytes_of;
use gantry_sdk::{
    account::{DecodeError, Discriminator, Layout},
    market::state::Job,
    wire::{Exit, Phase, StartRequest},
};
use serde::{Deserialize, Serialize};

/// How far a job has come. Each stage is on disk before anything of it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Open on chain; bundle or command are missing.
    Waiting,
    /// The command is here; the start on chain has been sent or is about to be.
    Starting,
    /// Started on chain; the workload runs, or is about to.
    Running,
    /// The workload has ended, or never came to run; the last receipt, settlement and close are due.
    Ended,
    /// Closed or cancelled on chain.
    Closed,
}

impl Stage {
    /// The stage as tenants see it.
    #[must_use]
    pub fn phase(self) -> Phase {
        match self {
            Self::Waiting => Phase::Waiting,
            Self::Starting => Phase::Starting,
            Self::Running => Phase::Running,
            Self::Ended => Phase::Ended,
            Self::Closed => Phase::Closed,
        }
    }
}

/// A job's memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// The account as it was last seen.
    pub account: Job,
    /// How far it has come.
    pub stage: Stage,
    /// What to run, once the tenant has said so.
    pub command: Option<StartRequest>,
    /// Whether the bundle is unpacked.
    pub has_bundle: bool,
    /// Numbers of the GPUs that it holds.
    pub gpus: Vec<u16>,
    /// Whether its node was registered with simulated GPUs; the node was this agent's own when the job was taken on. An agent of before
    /// this field does not say.
    pub simulated: Option<bool>,
    /// How the workload ended, once it has.
    pub exit: Option<Exit>,
    /// Whether it was ever metered, so that a final receipt is due.
    pub metered: bool,
    /// Unix milliseconds at which the workload ended; zero before.
    pub ended_at_ms: i64,
}

/// The record as it is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    account: String,
    stage: Stage,
    command: Option<StartRequest>,
    has_bundle: bool,
    gpus: Vec<u16>,
    #[serde(default)]
    simulated: Option<bool>,
    exit: Option<Exit>,
    metered: bool,
    ended_at_ms: i64,
}

/// Why a stored record cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Not the JSON that was written.
    #[error("the record is damaged: {0}")]
    Json(#[from] serde_json::Error),
    /// Not a job's account.
    #[error("the record's account is damaged: {0}")]
    Account(#[from] DecodeError),
    /// Not hexadecimal.
    #[error("the record's account is damaged: {0}")]
    Hex(#[from] hex::FromHexError),
}

impl JobRecord {
    /// A job that was seen for the first time.
    #[must_use]
    pub fn new(account: Job, simulated: bool) -> Self {
        Self {
            account,
            stage: Stage::Waiting,
            command: None,
            has_bundle: account.bundle_hash == [0; 32],
            gpus: Vec::new(),
            simulated: Some(simulated),
            exit: None,
            metered: false,
            ended_at_ms: 0,
        }
    }

    /// For the log.
    ///
    /// # Errors
    /// [`RecordError::Json`], which does not happen with these types.
    pub fn to_json(&self) -> Result<Vec<u8>, RecordError> {
        let account = hex::encode([Job::DISCRIMINATOR, bytes_of(&self.account)].concat());
        Ok(serde_json::to_vec(&Stored {
            account,
            stage: self.stage,
            command: self.command.clone(),
            has_bundle: self.has_bundle,
            gpus: self.gpus.clone(),
            simulated: self.simulated,
            exit: self.exit.clone(),
            metered: self.metered,
            ended_at_ms: self.ended_at_ms,
        })?)
    }

    /// From the log.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn from_json(json: &[u8]) -> Result<Self, RecordError> {
        let stored: Stored = serde_json::from_slice(json)?;
        Ok(Self {
            account: Job::read(&hex::decode(stored.account)?)?,
            stage: stored.stage,
            command: stored.command,
            has_bundle: stored.has_bundle,
            gpus: stored.gpus,
            simulated: stored.simulated,
            exit: stored.exit,
            metered: stored.metered,
            ended_at_ms: stored.ended_at_ms,
        })
    }
}
