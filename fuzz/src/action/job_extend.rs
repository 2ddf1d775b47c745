//! Renting for longer.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, JobId, NodeId, Place},
    cast::{Actor, Key, Token},
    dice::Dice,
    model::{
        State, Verdict,
        state::{Job, Phase},
    },
};

/// `job_extend`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct JobExtend {
    pub signer: Key,
    pub job: JobId,
    pub node: NodeId,
    pub balance: (Actor, Token),
    /// Seconds in all.
    pub max_s: u32,
}

impl Step for JobExtend {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_any = dice.chance(10);
        // Mostly one that can be, or could be a second ago.
        let fits = |job: &Job| match job.phase {
            Phase::Open => true,
            Phase::Running => is_any || (!job.is_final && state.now <= job.started_at + i64::from(job.max_s) + 1),
            _ => is_any,
        };
        let id = dice.job_that(state, fits)?;
        let other_balance = dice.among(&state.balances)?;
        let job = state.jobs.get(&id)?;
        let offered = state.nodes.get(&job.node).map_or(0, |node| node.max_s);
        let more = u32::try_from(dice.between(1, 120)).ok()?;
        Some(Self {
            signer: dice.signer(Key::Wallet(id.0)),
            job: id,
            node: dice.mostly_node(job.node, state),
            balance: dice.mostly((id.0, job.token), |_| other_balance),
            max_s: match dice.below(20) {
                0 => job.max_s,
                1 => job.max_s.saturating_sub(more),
                2 => offered,
                3 => offered.saturating_add(1),
                4 => u32::MAX,
                _ => job.max_s.saturating_add(more),
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.job_extend(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::JobExtend {
            tenant: book.key(self.signer),
            job: book.at(Place::Job(self.job)),
            node: book.at(Place::Node(self.node)),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
        };
        let max_duration_s = self.max_s;
        build(ID, &accounts, &arguments::JobExtend { max_duration_s })
    }
}
