//! What happens beside the programs: time passes, and somebody gives tokens away.

use gantry_sdk::Instruction;
use serde::{Deserialize, Serialize};
use spl_token_2022_interface::instruction::transfer_checked;

use super::Step;
use crate::{
    book::Book,
    cast::{Actor, Purse, Token},
    dice::Dice,
    model::{
        State, Verdict,
        refusal::{WRONG_PURSE, require},
        state::Phase,
    },
};

/// Time passes; a chain's clock may also step back a little.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Advance {
    pub seconds: i64,
}

impl Step for Advance {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let deadlines: Vec<_> = deadlines(state).into_iter().filter(|at| *at >= state.now - 1).collect();
        let seconds = match dice.below(10) {
            // One second before, at, or after a deadline.
            0..=4 => {
                // The next deadlines are the likelier ones, or time would fly over most of them.
                let mut near = deadlines;
                near.sort_unstable();
                near.truncate(4);
                let at = dice.pick(&near).copied()?;
                let offset = i64::try_from(dice.below(3)).ok()? - 1;
                at + offset - state.now
            }
            5..=7 => i64::try_from(dice.below(20)).ok()?,
            8 => i64::try_from(dice.below(60)).ok()?,
            _ if dice.chance(20) => -1,
            _ if dice.chance(30) => i64::try_from(dice.below(1_000)).ok()?,
            _ if dice.chance(5) => i64::try_from(dice.below(200_000)).ok()?,
            _ => 1,
        };
        Some(Self { seconds })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.now += self.seconds;
        Ok(())
    }

    fn instructions(&self, _: &Book) -> Vec<Instruction> {
        Vec::new()
    }
}

/// Every moment from which on something becomes possible or impossible.
fn deadlines(state: &State) -> Vec<i64> {
    let mut found = Vec::new();
    for job in state.jobs.values() {
        let (longest, grace) = (i64::from(job.max_s), i64::from(job.grace_s));
        if job.is_live() {
            // None that has not come yet is left out: before the first rotation, and without an exit, these lie in the past.
            found.extend([job.session_rotated_at + grace, job.exits_at, job.exits_at + grace]);
        }
        match job.phase {
            Phase::Open => found.push(job.start_deadline),
            Phase::Running => found.extend([job.started_at + longest, job.started_at + longest + grace]),
            Phase::Stopped => found.push(job.stopped_at + grace),
            Phase::Closed => found.push(job.ended_at + super::fault::EVIDENCE_WINDOW_S),
            Phase::Cancelled => {}
        }
    }
    let nodes = state
        .nodes
        .values()
        .map(|node| node.heartbeat_at + i64::from(state.config.heartbeat_max_age_s));
    found.extend(nodes.filter(|at| *at > 0));
    found.extend(state.claims.values().map(|claim| claim.payable_at));
    found.extend(state.withdrawals.values().map(|waiting| waiting.payable_at));
    let orders = state.orders.values().filter(|order| order.is_open());
    found.extend(orders.flat_map(|order| [order.bids_until, order.accept_until]));
    let queues = state.stakes.values().flat_map(|stake| stake.queue);
    found.extend(queues.filter(|(amount, _)| *amount > 0).map(|(_, at)| at));
    let queues = state.delegations.values().flat_map(|delegation| delegation.queue);
    found.extend(queues.filter(|(shares, _)| *shares > 0).map(|(_, at)| at));
    let notices = state.stakes.values().map(|stake| stake.commission_from);
    found.extend(notices.filter(|at| *at > 0));
    found
}

/// Somebody sends tokens straight to a vault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Gift {
    pub from: Actor,
    pub to: Purse,
    pub amount: u64,
}

impl Step for Gift {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let token: Token = dice.among(&state.mints)?;
        let to = if dice.chance(30) {
            Purse::Bonds
        } else {
            Purse::Vault(token)
        };
        let amount = dice.between(1, 1_000);
        let from = dice.actor();
        Some(Self { from, to, amount })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        let from = Purse::Of(self.from, self.to.token());
        require(state.purse_exists(self.to), WRONG_PURSE)?;
        state.transfer(from, crate::cast::Key::Wallet(self.from), self.to, self.amount)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let token = self.to.token();
        let transfer = transfer_checked(
            &book.token_program(token),
            &book.purse(Purse::Of(self.from, token)),
            &book.mint(token),
            &book.purse(self.to),
            &book.wallet(self.from),
            &[],
            self.amount,
            token,
        );
        vec![transfer.expect("a token program")]
    }
}
