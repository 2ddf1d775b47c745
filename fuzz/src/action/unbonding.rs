//! Taking stake out.

use gantry_sdk::{
    Instruction,
    staking::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, Place},
    cast::{Actor, GNT, Key, Purse},
    dice::Dice,
    model::{State, Verdict},
};

/// `unbonding_request`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct UnbondingRequest {
    pub signer: Key,
    pub stake: Actor,
    pub amount: u64,
}

impl Step for UnbondingRequest {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let owner = dice.among(&state.stakes)?;
        let (free, active) = (state.stakes[&owner].own_free(), state.stakes[&owner].active);
        Some(Self {
            signer: dice.signer(Key::Wallet(owner)),
            stake: dice.mostly(owner, Dice::actor),
            amount: match dice.below(10) {
                // Mostly little, so that the queue fills.
                0..=5 => dice.between(1, 1_000),
                // So much that what is left just covers the provider's offer, or just not.
                7 => {
                    let offered = state
                        .providers
                        .get(&owner)
                        .map_or(0, |provider| u64::from(provider.offered));
                    let to_cover = state.config.stake_per_gpu.saturating_mul(offered);
                    active.saturating_sub(to_cover).saturating_add(dice.below(2))
                }
                // What jobs hold.
                6 => dice.between(free, active),
                _ => dice.amount(free),
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.unbonding_request(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::UnbondingRequest {
            owner: book.key(self.signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
        };
        build(ID, &accounts, &arguments::UnbondingRequest { amount: self.amount })
    }
}

/// `unbonding_cancel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct UnbondingCancel {
    pub signer: Key,
    pub stake: Actor,
    pub place: u8,
}

impl Step for UnbondingCancel {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let owner = dice.among(&state.stakes)?;
        let place = dice.below(9);
        Some(Self {
            signer: dice.signer(Key::Wallet(owner)),
            stake: dice.mostly(owner, Dice::actor),
            place: u8::try_from(place).ok()?,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.unbonding_cancel(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::UnbondingCancel {
            owner: book.key(self.signer),
            stake: book.at(Place::Stake(self.stake)),
        };
        build(ID, &accounts, &arguments::UnbondingCancel { place: self.place })
    }
}

/// `unbonding_withdraw`, which nobody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct UnbondingWithdraw {
    pub stake: Actor,
    pub destination: Purse,
}

impl Step for UnbondingWithdraw {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let is_waiting = |stake: &crate::model::state::Stake| stake.queue.iter().any(|(amount, _)| *amount > 0);
        let waiting: Vec<_> = state.stakes.iter().filter(|(_, stake)| is_waiting(stake)).collect();
        let stake = *dice.pick(&waiting)?.0;
        Some(Self {
            stake,
            destination: dice.purse(stake, GNT),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.unbonding_withdraw(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::UnbondingWithdraw {
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            mint: book.mint(GNT),
            vault: book.at(Place::Bonds),
            destination: book.purse(self.destination),
            token_program: book.token_program(GNT),
        };
        build(ID, &accounts, &arguments::UnbondingWithdraw {})
    }
}
