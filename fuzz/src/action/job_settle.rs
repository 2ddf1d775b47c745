//! Settling.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Claim, Evidence, Step, build};
use crate::{
    book::{Book, JobId, Place},
    cast::{Actor, Token},
    dice::Dice,
    model::{
        State, Verdict,
        state::{Job, Phase},
    },
};

/// `job_settle`, behind the precompile's instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JobSettle {
    pub job: JobId,
    pub balance: (Actor, Token),
    pub evidence: Evidence,
}

impl Step for JobSettle {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let id = dice.job_that(state, |job| matches!(job.phase, Phase::Running | Phase::Stopped))?;
        let other_balance = dice.among(&state.balances)?;
        let other_job = dice.among(&state.jobs)?;
        let Some(job) = state.jobs.get(&id) else {
            return Some(Self {
                job: id,
                balance: other_balance,
                evidence: Evidence::Nothing,
            });
        };
        let claim = Claim {
            job: dice.mostly(id, |_| other_job),
            sequence: match dice.below(30) {
                0 => 0,
                1 => job.sequence,
                2 => u64::MAX,
                _ => job.sequence.saturating_add(dice.between(1, 3)),
            },
            metered_ms: metered_ms(dice, state.now, job),
            flags: match dice.below(40) {
                0 => 2,
                1 => 1 << 63 | 1,
                2..=5 => 1,
                _ => 0,
            },
            root: dice.any(),
            is_foreign: dice.chance(1),
        };
        let session = match job.former_session {
            Some(former) if dice.chance(40) => former,
            _ => job.session,
        };
        let (provider, tenant) = (dice.signer(job.attestation), dice.signer(session));
        Some(Self {
            job: id,
            balance: dice.mostly((job.provider, job.token), |_| other_balance),
            evidence: match dice.below(100) {
                0 => Evidence::Nothing,
                1 => Evidence::Pair(provider, claim, claim),
                2 => Evidence::CoSigned(tenant, provider, claim),
                _ => Evidence::CoSigned(provider, tenant, claim),
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_settle(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::JobSettle {
            job: book.at(Place::Job(self.job)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            instructions: gantry_sdk::address::INSTRUCTIONS_SYSVAR,
            clock: gantry_sdk::address::CLOCK_SYSVAR,
        };
        let mut all: Vec<_> = self.evidence.instruction(book).into_iter().collect();
        all.extend(build(ID, &accounts, &arguments::JobSettle {}));
        all
    }
}

/// Metered time, mostly possible; often exactly as much as is, or a millisecond more.
pub(super) fn metered_ms(dice: &mut Dice, now: i64, job: &Job) -> u64 {
    let end = job.until_exit(match job.phase {
        Phase::Stopped => job.stopped_at,
        // Around the rotation is where the former key stops to count.
        _ if job.former_session.is_some() && dice.chance(20) => job.session_rotated_at,
        _ => now,
    });
    let elapsed_ms = u64::try_from(end - job.started_at).unwrap_or(0) * 1_000;
    let longest_ms = u64::from(job.max_s) * 1_000;
    let most = longest_ms.min(elapsed_ms + 1_000);
    match dice.below(24) {
        0 => job.metered_ms,
        1 => job.metered_ms.saturating_sub(1),
        2 => job.metered_ms + 1,
        3 => longest_ms,
        4 => longest_ms + 1,
        5 => elapsed_ms + 1_000,
        6 => elapsed_ms + 1_001,
        7 => u64::MAX,
        8 => most,
        _ => dice.between(job.metered_ms, most.max(job.metered_ms)),
    }
}
