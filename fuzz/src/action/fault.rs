//! Proving faults.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Claim, Committed, Evidence, Step, Tamper, build, job_settle::metered_ms};
use crate::{
    book::{Book, JobId, NodeId, Place},
    cast::{Actor, GNT, Purse},
    dice::Dice,
    model::{
        State, Verdict,
        state::{Job, Phase},
    },
};

/// Seconds after a job's end in which its receipts still prove a fault: twelve hours.
pub(crate) const EVIDENCE_WINDOW_S: i64 = 43_200;

/// The kind of a fault that a sample proves.
pub(crate) const OF_A_SAMPLE: u8 = 4;

/// `fault_prove`, behind the precompile's instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FaultProve {
    pub reporter: Actor,
    pub job: JobId,
    pub kind: u8,
    pub provider: Actor,
    pub stake: Actor,
    pub bounty: Purse,
    pub evidence: Evidence,
}

impl Step for FaultProve {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let provable = |job: &Job| {
            let is_recent = job.phase != Phase::Closed || state.now <= job.ended_at + EVIDENCE_WINDOW_S;
            is_recent && !matches!(job.phase, Phase::Open | Phase::Cancelled)
        };
        let id = if dice.chance(80) {
            dice.job_that(state, provable)?
        } else {
            dice.job_that(state, |_| true)?
        };
        let reporter = dice.actor();
        let job = state.jobs.get(&id)?;
        let usual = dice.between(1, 3);
        let kind = u8::try_from(dice.mostly(usual, |dice| dice.below(5))).ok()?;
        Some(Self {
            reporter,
            job: id,
            kind,
            provider: dice.mostly(job.provider, Dice::actor),
            stake: dice.mostly(job.provider, Dice::actor),
            bounty: dice.purse(reporter, GNT),
            evidence: contradicting(dice, state, id, job, kind)?,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.fault_prove(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::FaultProve {
            reporter: book.wallet(self.reporter),
            job: book.at(Place::Job(self.job)),
            provider: book.at(Place::Provider(self.provider)),
            fault: book.at(Place::Fault(self.job, self.kind)),
            signer: book.at(Place::Signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            mint: book.mint(GNT),
            vault: book.at(Place::Bonds),
            bounty_account: book.purse(self.bounty),
            token_program: book.token_program(GNT),
            staking_program: gantry_sdk::staking::ID,
            instructions: gantry_sdk::address::INSTRUCTIONS_SYSVAR,
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let mut all: Vec<_> = self.evidence.instruction(book).into_iter().collect();
        all.extend(build(ID, &accounts, &arguments::FaultProve { kind: self.kind }));
        all
    }
}

/// `fault_prove_sample`, behind the precompile's instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FaultProveSample {
    pub reporter: Actor,
    pub job: JobId,
    pub node: NodeId,
    pub provider: Actor,
    pub stake: Actor,
    pub bounty: Purse,
    pub evidence: Evidence,
    /// What the proof speaks of: the same that the evidence commits to.
    pub committed: Committed,
    pub tamper: Tamper,
}

impl Step for FaultProveSample {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let provable = |job: &Job| {
            let is_recent = job.phase != Phase::Closed || state.now <= job.ended_at + EVIDENCE_WINDOW_S;
            is_recent && !matches!(job.phase, Phase::Open | Phase::Cancelled)
        };
        let id = if dice.chance(80) {
            dice.job_that(state, provable)?
        } else {
            dice.job_that(state, |_| true)?
        };
        let reporter = dice.actor();
        let job = state.jobs.get(&id)?;
        let (other_job, other_node) = (dice.among(&state.jobs)?, dice.among(&state.nodes)?);
        let claim = Claim {
            job: dice.mostly(id, |_| other_job),
            sequence: dice.between(1, 5),
            metered_ms: metered_ms(dice, state.now, job),
            flags: if dice.chance(2) { 2 } else { dice.below(2) },
            root: 0,
            is_foreign: dice.chance(1),
        };
        let node = state.nodes.get(&job.node)?;
        let size = dice.between(1, 9);
        // Mostly wrong in one way, or at the edge of it.
        let wrong = dice.below(8);
        let committed = Committed {
            metered_ms: match wrong {
                0 => claim.metered_ms.saturating_add(1),
                1 => u64::MAX,
                2 => claim.metered_ms,
                _ => dice.between(0, claim.metered_ms),
            },
            gpu: match wrong {
                3 => job.gpus,
                4 => job.gpus - 1,
                _ => u16::try_from(dice.below(u64::from(job.gpus))).ok()?,
            },
            is_simulated: node.simulated ^ (wrong == 5),
            index: u8::try_from(dice.below(size)).ok()?,
            size: u8::try_from(size).ok()?,
        };
        let right = match job.former {
            Some(former) if dice.chance(50) => former,
            _ => job.attestation,
        };
        let key = dice.signer(right);
        Some(Self {
            reporter,
            job: id,
            node: dice.mostly(job.node, |_| other_node),
            provider: dice.mostly(job.provider, Dice::actor),
            stake: dice.mostly(job.provider, Dice::actor),
            bounty: dice.purse(reporter, GNT),
            evidence: match dice.below(100) {
                0 => Evidence::Nothing,
                1 => Evidence::Pair(key, claim, claim),
                2 => Evidence::Single(key, claim),
                _ => Evidence::Committed(key, claim, committed),
            },
            committed,
            tamper: dice.mostly(Tamper::Nothing, |dice| {
                dice.one(&[
                    Tamper::Sample,
                    Tamper::Index,
                    Tamper::Size,
                    Tamper::Path,
                    Tamper::Longer,
                ])
            }),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.fault_prove_sample(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::FaultProveSample {
            reporter: book.wallet(self.reporter),
            job: book.at(Place::Job(self.job)),
            node: book.at(Place::Node(self.node)),
            provider: book.at(Place::Provider(self.provider)),
            record: book.at(Place::Fault(self.job, OF_A_SAMPLE)),
            signer: book.at(Place::Signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            mint: book.mint(GNT),
            vault: book.at(Place::Bonds),
            bounty_account: book.purse(self.bounty),
            token_program: book.token_program(GNT),
            staking_program: gantry_sdk::staking::ID,
            instructions: gantry_sdk::address::INSTRUCTIONS_SYSVAR,
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let args = self.committed.proof(self.tamper);
        let mut all: Vec<_> = self.evidence.instruction(book).into_iter().collect();
        all.extend(build(ID, &accounts, &arguments::FaultProveSample { args }));
        all
    }
}

/// Two receipts that mostly prove a fault of this kind, mostly signed by the right key.
pub(super) fn contradicting(dice: &mut Dice, state: &State, id: JobId, job: &Job, kind: u8) -> Option<Evidence> {
    let other_job = dice.among(&state.jobs)?;
    let mut first = Claim {
        job: dice.mostly(id, |_| other_job),
        sequence: dice.between(1, 5),
        metered_ms: metered_ms(dice, state.now, job),
        flags: if dice.chance(2) { 2 } else { dice.below(2) },
        root: dice.below(2),
        is_foreign: dice.chance(1),
    };
    let mut second = first;
    match kind {
        2 => {
            second.sequence += 1;
            second.metered_ms = first.metered_ms.saturating_sub(dice.below(2));
        }
        3 => {
            first.flags = u64::from(!dice.chance(10));
            second.sequence += 1;
            second.metered_ms = first.metered_ms.saturating_add(dice.below(2));
        }
        _ => match dice.below(4) {
            0 => second.metered_ms ^= 1,
            1 => second.root ^= 1,
            2 => second.flags ^= 1,
            // The same: no fault at all.
            _ if dice.chance(30) => {}
            _ => second.metered_ms ^= 2,
        },
    }
    second.job = dice.mostly(second.job, |_| other_job);
    second.is_foreign ^= dice.chance(1);
    if dice.chance(50) {
        std::mem::swap(&mut first, &mut second);
    }
    let right = match job.former {
        Some(former) if dice.chance(50) => former,
        _ => job.attestation,
    };
    let key = dice.signer(right);
    Some(match dice.below(100) {
        0 => Evidence::Nothing,
        1 => Evidence::CoSigned(key, job.session, first),
        2 => Evidence::Single(key, first),
        _ => Evidence::Pair(key, first, second),
    })
}
