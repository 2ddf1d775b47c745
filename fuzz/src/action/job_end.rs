//! Closing and cancelling a job.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, JobId, NodeId, Place, ShardId, shard_of},
    cast::{Actor, Key, Token},
    dice::Dice,
    model::{
        State, Verdict,
        state::{Job, Phase},
    },
};

/// Who ends a job, and the accounts it gives back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Ending {
    pub caller: Key,
    pub job: JobId,
    pub node: NodeId,
    pub balance: (Actor, Token),
    pub stake: Actor,
    pub provider: Actor,
    pub tenant: Actor,
}

impl Ending {
    fn generate(dice: &mut Dice, state: &State, id: JobId) -> Self {
        let other_balance = dice.among(&state.balances).unwrap_or((0, 0));
        let Some(job) = state.jobs.get(&id) else {
            return Self {
                caller: dice.key(),
                job: id,
                node: dice.among(&state.nodes).unwrap_or((0, 0)),
                balance: other_balance,
                stake: 0,
                provider: 0,
                tenant: 0,
            };
        };
        Self {
            // By the provider a job ends at once; by anybody else when it is due.
            caller: if dice.chance(25) { job.attestation } else { dice.key() },
            job: id,
            node: dice.mostly_node(job.node, state),
            balance: dice.mostly((id.0, job.token), |_| other_balance),
            stake: dice.mostly(job.provider, Dice::actor),
            provider: dice.mostly(job.provider, Dice::actor),
            tenant: dice.mostly(id.0, Dice::actor),
        }
    }
}

/// `job_close`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobClose(pub Ending, pub ShardId);

impl Step for JobClose {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_past = |job: &Job, ends_at| state.now >= job.until_exit(ends_at) + i64::from(job.grace_s);
        let is_due = |job: &Job| match job.phase {
            Phase::Running => job.is_final || is_past(job, job.started_at + i64::from(job.max_s)),
            Phase::Stopped => job.is_final || is_past(job, job.stopped_at),
            _ => false,
        };
        let runs = |job: &Job| matches!(job.phase, Phase::Running | Phase::Stopped);
        let job = if dice.chance(60) {
            dice.job_that(state, is_due)?
        } else {
            dice.job_that(state, runs)?
        };
        let token = state.jobs.get(&job).map_or(0, |job| job.token);
        // Rarely another of the mint's, another mint's, or none.
        let shard = dice.mostly((token, shard_of(job)), |dice| {
            let token = if dice.chance(50) { token } else { dice.token() };
            (token, u8::try_from(dice.below(9)).unwrap_or(0))
        });
        Some(Self(Ending::generate(dice, state, job), shard))
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_close(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let of = &self.0;
        let accounts = accounts::JobClose {
            caller: book.key(of.caller),
            job: book.at(Place::Job(of.job)),
            node: book.at(Place::Node(of.node)),
            balance: book.at(Place::Balance(of.balance.0, of.balance.1)),
            signer: book.at(Place::Signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(of.stake)),
            staking_program: gantry_sdk::staking::ID,
            fee_shard: book.at(Place::Shard(self.1)),
            provider: book.at(Place::Provider(of.provider)),
            tenant_account: book.at(Place::Tenant(of.tenant)),
        };
        build(ID, &accounts, &arguments::JobClose {})
    }
}

/// `job_cancel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCancel(pub Ending);

impl Step for JobCancel {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let job = dice.job_that(state, |job| job.phase == Phase::Open)?;
        Some(Self(Ending::generate(dice, state, job)))
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_cancel(&self.0)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let of = &self.0;
        let accounts = accounts::JobCancel {
            caller: book.key(of.caller),
            job: book.at(Place::Job(of.job)),
            node: book.at(Place::Node(of.node)),
            balance: book.at(Place::Balance(of.balance.0, of.balance.1)),
            signer: book.at(Place::Signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(of.stake)),
            staking_program: gantry_sdk::staking::ID,
            provider: book.at(Place::Provider(of.provider)),
            tenant_account: book.at(Place::Tenant(of.tenant)),
        };
        build(ID, &accounts, &arguments::JobCancel {})
    }
}
