//! What changes about a job under way: its session key, and when its provider ends it.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, JobId, Place},
    cast::Key,
    dice::Dice,
    model::{
        State, Verdict,
        state::{EXIT_NOTICE_S, Job, Phase, YEAR_S},
    },
};

/// `session_rotate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct SessionRotate {
    pub signer: Key,
    pub job: JobId,
    pub session: Key,
}

impl Step for SessionRotate {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let job = dice.job_that(state, Job::is_live)?;
        let session = state.jobs.get(&job).map_or(Key::Zero, |job| job.session);
        let other = match session {
            Key::Session(actor) => Key::Spare(actor),
            _ => Key::Session(job.0),
        };
        Some(Self {
            signer: dice.signer(Key::Wallet(job.0)),
            job,
            session: match dice.below(20) {
                0 => Key::Zero,
                1 => session,
                _ => dice.signer(other),
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.session_rotate(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::SessionRotate {
            tenant: book.key(self.signer),
            job: book.at(Place::Job(self.job)),
        };
        let session_key = book.key(self.session);
        build(ID, &accounts, &arguments::SessionRotate { session_key })
    }
}

/// `job_exit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JobExit {
    pub signer: Key,
    pub job: JobId,
    pub exits_at: i64,
}

impl Step for JobExit {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_any = dice.chance(10);
        let fits = |job: &Job| matches!(job.phase, Phase::Open | Phase::Running) || is_any;
        let id = dice.job_that(state, fits)?;
        let job = state.jobs.get(&id)?;
        let right = if dice.chance(50) {
            Key::Wallet(job.provider)
        } else {
            job.attestation
        };
        let nearest = state.now + EXIT_NOTICE_S;
        let later = i64::try_from(dice.between(0, 600)).ok()?;
        Some(Self {
            signer: dice.signer(right),
            job: id,
            exits_at: match dice.below(20) {
                0 => nearest - 1,
                1 => job.exits_at - 1,
                2 => job.exits_at,
                3 => state.now + YEAR_S,
                4 => state.now + YEAR_S + 1,
                5 => i64::MAX,
                6 => -1,
                7..=10 => nearest,
                _ => nearest.max(job.exits_at) + later,
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_exit(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::JobExit {
            caller: book.key(self.signer),
            job: book.at(Place::Job(self.job)),
        };
        let exits_at = self.exits_at;
        build(ID, &accounts, &arguments::JobExit { exits_at })
    }
}
