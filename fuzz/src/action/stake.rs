//! Bonding, and reserving as the market alone may.

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

/// `stake_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StakeOpen {
    pub owner: Actor,
}

impl Step for StakeOpen {
    fn generate(dice: &mut Dice, _: &State) -> Option<Self> {
        let owner = dice.actor();
        Some(Self { owner })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.stake_open(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::StakeOpen {
            owner: book.wallet(self.owner),
            stake: book.at(Place::Stake(self.owner)),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        build(ID, &accounts, &arguments::StakeOpen {})
    }
}

/// `stake_deposit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StakeDeposit {
    pub signer: Key,
    pub stake: Actor,
    pub source: Purse,
    pub amount: u64,
}

impl Step for StakeDeposit {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let owner = dice.actor();
        // Enough to slash and unbond, and little enough that jobs meet its end.
        let own = state.purses[usize::from(owner)][usize::from(GNT)] / 64;
        Some(Self {
            signer: dice.signer(Key::Wallet(owner)),
            stake: dice.mostly(owner, Dice::actor),
            source: dice.purse(owner, GNT),
            amount: dice.amount(own),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.stake_deposit(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::StakeDeposit {
            owner: book.key(self.signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            mint: book.mint(GNT),
            vault: book.at(Place::Bonds),
            source: book.purse(self.source),
            token_program: book.token_program(GNT),
        };
        build(ID, &accounts, &arguments::StakeDeposit { amount: self.amount })
    }
}

/// What only the market may do, tried by somebody else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct StakeByStranger {
    pub signer: Key,
    pub stake: Actor,
    pub what: Privilege,
    pub amount: u64,
}

/// An instruction of the market's alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Privilege {
    Reserve,
    Release,
    Slash,
}

impl Step for StakeByStranger {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let stake = dice.among(&state.stakes)?;
        Some(Self {
            signer: dice.key(),
            stake,
            what: dice.one(&[Privilege::Reserve, Privilege::Release, Privilege::Slash]),
            amount: dice.amount(state.stakes[&stake].active),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.stake_by_stranger(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let (market_signer, pool) = (book.key(self.signer), book.at(Place::Pool));
        let (stake, amount) = (book.at(Place::Stake(self.stake)), self.amount);
        match self.what {
            Privilege::Reserve => {
                let accounts = accounts::StakeReserve {
                    market_signer,
                    pool,
                    stake,
                };
                build(ID, &accounts, &arguments::StakeReserve { amount })
            }
            Privilege::Release => {
                let accounts = accounts::StakeRelease {
                    market_signer,
                    pool,
                    stake,
                };
                build(ID, &accounts, &arguments::StakeRelease { amount })
            }
            Privilege::Slash => {
                let accounts = accounts::StakeSlash {
                    market_signer,
                    pool,
                    stake,
                    mint: book.mint(GNT),
                    vault: book.at(Place::Bonds),
                    bounty_account: book.purse(Purse::Of(0, GNT)),
                    token_program: book.token_program(GNT),
                };
                build(ID, &accounts, &arguments::StakeSlash { penalty_bps: 10_000 })
            }
        }
    }
}
