//! Claims against a silent tenant.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Claim, Evidence, Step, build, fault::contradicting};
use crate::{
    book::{Book, JobId, Place},
    cast::{Actor, Key, Token},
    dice::Dice,
    model::{
        State, Verdict,
        state::{Job, Phase},
    },
};

/// `claim_open`, behind the precompile's instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ClaimOpen {
    pub signer: Key,
    pub job: JobId,
    pub balance: (Actor, Token),
    pub evidence: Evidence,
}

/// A job that is metered.
const fn is_metered(job: &Job) -> bool {
    matches!(job.phase, Phase::Running | Phase::Stopped)
}

impl Step for ClaimOpen {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_final_too = dice.chance(20);
        let fits = |job: &Job| is_metered(job) && !job.claimed && (!job.is_final || is_final_too);
        let id = dice.job_that(state, fits)?;
        let other_balance = dice.among(&state.balances)?;
        let other_job = dice.among(&state.jobs)?;
        let job = state.jobs.get(&id)?;
        let elapsed_ms = u64::try_from(state.now - job.started_at).unwrap_or(0) * 1_000;
        let most = job.co_signed_ms + u64::from(job.grace_s) * 1_000;
        let possible = most.min(elapsed_ms + 1_000).min(u64::from(job.max_s) * 1_000);
        let claim = Claim {
            job: dice.mostly(id, |_| other_job),
            sequence: match dice.below(20) {
                0 => job.sequence,
                _ => job.sequence.saturating_add(dice.between(1, 3)),
            },
            metered_ms: match dice.below(16) {
                0 => most,
                1 => most + 1,
                2 => job.metered_ms,
                3 => job.metered_ms.saturating_sub(1),
                4 => elapsed_ms + 1_001,
                5 => u64::from(job.max_s) * 1_000 + 1,
                _ => dice.between(job.metered_ms + 1, possible.max(job.metered_ms + 1)),
            },
            flags: if dice.chance(2) { 2 } else { dice.below(2) },
            root: dice.any(),
            is_foreign: dice.chance(1),
        };
        let key = dice.signer(job.attestation);
        Some(Self {
            signer: dice.signer(job.attestation),
            job: id,
            balance: dice.mostly((job.provider, job.token), |_| other_balance),
            evidence: match dice.below(100) {
                0 => Evidence::Nothing,
                1 => Evidence::CoSigned(key, job.session, claim),
                _ => Evidence::Single(key, claim),
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.claim_open(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::ClaimOpen {
            attestation_key: book.key(self.signer),
            job: book.at(Place::Job(self.job)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            claim: book.at(Place::Claim(self.job)),
            instructions: gantry_sdk::address::INSTRUCTIONS_SYSVAR,
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let mut all: Vec<_> = self.evidence.instruction(book).into_iter().collect();
        all.extend(build(ID, &accounts, &arguments::ClaimOpen {}));
        all
    }
}

/// `claim_settle`, which nobody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ClaimSettle {
    pub job: JobId,
    pub balance: (Actor, Token),
    pub payer: Key,
}

impl Step for ClaimSettle {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        // Mostly one that is due, or will be in a second.
        let is_any = dice.chance(25);
        let due = state
            .claims
            .iter()
            .filter(|(_, claim)| is_any || claim.payable_at <= state.now + 1);
        let due: Vec<_> = due.map(|(id, _)| *id).collect();
        let id = dice.pick(&due).copied()?;
        let (claim, job) = (state.claims[&id], &state.jobs[&id]);
        let other_balance = dice.among(&state.balances)?;
        Some(Self {
            job: id,
            balance: dice.mostly((job.provider, job.token), |_| other_balance),
            payer: dice.signer(claim.payer),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.claim_settle(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::ClaimSettle {
            job: book.at(Place::Job(self.job)),
            claim: book.at(Place::Claim(self.job)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            payer: book.key(self.payer),
        };
        build(ID, &accounts, &arguments::ClaimSettle {})
    }
}

/// `claim_refute`, behind the precompile's instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ClaimRefute {
    pub reporter: Actor,
    pub job: JobId,
    pub balance: (Actor, Token),
    pub evidence: Evidence,
}

impl Step for ClaimRefute {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let id = dice.among(&state.claims)?;
        let job = &state.jobs[&id];
        let other_balance = dice.among(&state.balances)?;
        let kind = u8::try_from(dice.between(1, 3)).ok()?;
        Some(Self {
            reporter: dice.actor(),
            job: id,
            balance: dice.mostly((id.0, job.token), |_| other_balance),
            evidence: contradicting(dice, state, id, job, kind)?,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.claim_refute(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::ClaimRefute {
            reporter: book.wallet(self.reporter),
            job: book.at(Place::Job(self.job)),
            claim: book.at(Place::Claim(self.job)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            instructions: gantry_sdk::address::INSTRUCTIONS_SYSVAR,
        };
        let mut all: Vec<_> = self.evidence.instruction(book).into_iter().collect();
        all.extend(build(ID, &accounts, &arguments::ClaimRefute {}));
        all
    }
}
