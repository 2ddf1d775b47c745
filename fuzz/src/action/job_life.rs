//! Starting, stopping and rekeying a job.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, JobId, Place},
    cast::{Actor, Key},
    dice::Dice,
    model::{
        State, Verdict,
        state::{Job, Phase},
    },
};

/// `job_start`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JobStart {
    pub signer: Key,
    pub job: JobId,
}

impl Step for JobStart {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_late = dice.chance(20);
        let fits = |job: &Job| job.phase == Phase::Open && (is_late || state.now <= job.start_deadline);
        let job = dice.job_that(state, fits)?;
        let right = state.jobs.get(&job).map_or(Key::Wallet(0), |job| job.attestation);
        let signer = dice.signer(right);
        Some(Self { signer, job })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_start(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::JobStart {
            attestation_key: book.key(self.signer),
            job: book.at(Place::Job(self.job)),
        };
        build(ID, &accounts, &arguments::JobStart {})
    }
}

/// `job_stop`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JobStop {
    pub signer: Key,
    pub job: JobId,
}

impl Step for JobStop {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let job = dice.job_that(state, |job| job.phase == Phase::Running)?;
        let session = state.jobs.get(&job).map_or(Key::Wallet(0), |job| job.session);
        let right = if dice.chance(50) { Key::Wallet(job.0) } else { session };
        let signer = dice.signer(right);
        Some(Self { signer, job })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_stop(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::JobStop {
            tenant: book.key(self.signer),
            job: book.at(Place::Job(self.job)),
        };
        build(ID, &accounts, &arguments::JobStop {})
    }
}

/// `job_rekey`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JobRekey {
    pub signer: Key,
    pub provider: Actor,
    pub job: JobId,
}

impl Step for JobRekey {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        // Mostly where there is another key to take over.
        let differs = |job: &Job| {
            let current = state.providers.get(&job.provider).map(|provider| provider.attestation);
            job.is_live() && current != Some(job.attestation)
        };
        let job = if dice.chance(70) {
            dice.job_that(state, differs)?
        } else {
            dice.job_that(state, Job::is_live)?
        };
        let owner = state.jobs.get(&job).map_or(0, |job| job.provider);
        let provider = dice.mostly(owner, Dice::actor);
        let current = state.providers.get(&provider).map(|provider| provider.attestation);
        let right = match current {
            Some(key) if dice.chance(50) => key,
            _ => Key::Wallet(provider),
        };
        Some(Self {
            signer: dice.signer(right),
            provider,
            job,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_rekey(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::JobRekey {
            caller: book.key(self.signer),
            provider: book.at(Place::Provider(self.provider)),
            job: book.at(Place::Job(self.job)),
        };
        build(ID, &accounts, &arguments::JobRekey {})
    }
}
