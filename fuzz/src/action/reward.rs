//! Rewards, and the commission on them.

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

/// `commission_set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct CommissionSet {
    pub signer: Key,
    pub stake: Actor,
    pub bps: u16,
}

impl Step for CommissionSet {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let owner = dice.among(&state.stakes)?;
        let bps = match dice.below(10) {
            0 => 0,
            1 => 5_000,
            2 => 5_001,
            3 => u64::from(u16::MAX),
            _ => dice.between(0, 5_000),
        };
        Some(Self {
            signer: dice.signer(Key::Wallet(owner)),
            stake: dice.mostly(owner, Dice::actor),
            bps: u16::try_from(bps).ok()?,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.commission_set(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::CommissionSet {
            owner: book.key(self.signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
        };
        let commission_bps = self.bps;
        build(ID, &accounts, &arguments::CommissionSet { commission_bps })
    }
}

/// `reward_add`, by anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct RewardAdd {
    pub payer: Key,
    pub stake: Actor,
    pub source: Purse,
    pub amount: u64,
}

impl Step for RewardAdd {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let stake = dice.among(&state.stakes)?;
        let actor = dice.actor();
        let own = state.purses[usize::from(actor)][usize::from(GNT)] / 1_024;
        Some(Self {
            payer: dice.signer(Key::Wallet(actor)),
            stake: dice.mostly(stake, Dice::actor),
            source: dice.purse(actor, GNT),
            amount: if dice.chance(30) {
                dice.between(1, 100)
            } else {
                dice.amount(own)
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.reward_add(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::RewardAdd {
            payer: book.key(self.payer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            mint: book.mint(GNT),
            vault: book.at(Place::Bonds),
            source: book.purse(self.source),
            token_program: book.token_program(GNT),
        };
        build(ID, &accounts, &arguments::RewardAdd { amount: self.amount })
    }
}
