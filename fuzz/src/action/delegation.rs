//! Delegating stake, and taking it back.

use gantry_sdk::{
    Instruction,
    staking::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, DelegationId, Place},
    cast::{Actor, GNT, Key, Purse},
    dice::Dice,
    model::{State, Verdict, state::Delegation},
};

/// `delegation_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DelegationOpen {
    pub delegator: Actor,
    pub stake: Actor,
}

impl Step for DelegationOpen {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let known = dice.among(&state.stakes)?;
        Some(Self {
            delegator: dice.actor(),
            stake: dice.mostly(known, Dice::actor),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.delegation_open(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::DelegationOpen {
            delegator: book.wallet(self.delegator),
            stake: book.at(Place::Stake(self.stake)),
            delegation: book.at(Place::Delegation((self.stake, self.delegator))),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        build(ID, &accounts, &arguments::DelegationOpen {})
    }
}

/// `delegation_deposit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DelegationDeposit {
    pub signer: Key,
    pub stake: Actor,
    pub delegation: DelegationId,
    pub source: Purse,
    pub amount: u64,
}

impl Step for DelegationDeposit {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let id = dice.among(&state.delegations)?;
        let own = state.purses[usize::from(id.1)][usize::from(GNT)] / 64;
        Some(Self {
            signer: dice.signer(Key::Wallet(id.1)),
            stake: dice.mostly(id.0, Dice::actor),
            delegation: id,
            source: dice.purse(id.1, GNT),
            // Often so little that rounding shows.
            amount: if dice.chance(30) {
                dice.between(1, 3)
            } else {
                dice.amount(own)
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.delegation_deposit(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::DelegationDeposit {
            delegator: book.key(self.signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            delegation: book.at(Place::Delegation(self.delegation)),
            mint: book.mint(GNT),
            vault: book.at(Place::Bonds),
            source: book.purse(self.source),
            token_program: book.token_program(GNT),
        };
        build(ID, &accounts, &arguments::DelegationDeposit { amount: self.amount })
    }
}

/// `delegation_unbond`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DelegationUnbond {
    pub signer: Key,
    pub stake: Actor,
    pub delegation: DelegationId,
    pub shares: u64,
}

impl Step for DelegationUnbond {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let id = delegation_that(dice, state, |delegation| delegation.shares > 0)?;
        let own = state.delegations[&id].shares;
        Some(Self {
            signer: dice.signer(Key::Wallet(id.1)),
            stake: dice.mostly(id.0, Dice::actor),
            delegation: id,
            shares: if dice.chance(30) {
                dice.between(1, 3)
            } else {
                dice.amount(own)
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.delegation_unbond(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::DelegationUnbond {
            delegator: book.key(self.signer),
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            delegation: book.at(Place::Delegation(self.delegation)),
        };
        build(ID, &accounts, &arguments::DelegationUnbond { shares: self.shares })
    }
}

/// `delegation_cancel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DelegationCancel {
    pub signer: Key,
    pub stake: Actor,
    pub delegation: DelegationId,
    pub place: u8,
}

impl Step for DelegationCancel {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let id = delegation_that(dice, state, has_waiting)?;
        let queue = state.delegations[&id].queue.iter().enumerate();
        let waiting: Vec<_> = queue
            .filter(|(_, (shares, _))| *shares > 0)
            .map(|(place, _)| place)
            .collect();
        let place = dice.pick(&waiting).copied().unwrap_or(0);
        Some(Self {
            signer: dice.signer(Key::Wallet(id.1)),
            stake: dice.mostly(id.0, Dice::actor),
            delegation: id,
            place: dice.mostly(u8::try_from(place).ok()?, |dice| {
                u8::try_from(dice.below(9)).unwrap_or(0)
            }),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.delegation_cancel(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::DelegationCancel {
            delegator: book.key(self.signer),
            stake: book.at(Place::Stake(self.stake)),
            delegation: book.at(Place::Delegation(self.delegation)),
        };
        build(ID, &accounts, &arguments::DelegationCancel { place: self.place })
    }
}

/// `delegation_withdraw`, which nobody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct DelegationWithdraw {
    pub stake: Actor,
    pub delegation: DelegationId,
    pub destination: Purse,
}

impl Step for DelegationWithdraw {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let id = delegation_that(dice, state, has_waiting)?;
        Some(Self {
            stake: dice.mostly(id.0, Dice::actor),
            delegation: id,
            destination: dice.purse(id.1, GNT),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.delegation_withdraw(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::DelegationWithdraw {
            pool: book.at(Place::Pool),
            stake: book.at(Place::Stake(self.stake)),
            delegation: book.at(Place::Delegation(self.delegation)),
            mint: book.mint(GNT),
            vault: book.at(Place::Bonds),
            destination: book.purse(self.destination),
            token_program: book.token_program(GNT),
        };
        build(ID, &accounts, &arguments::DelegationWithdraw {})
    }
}

fn has_waiting(delegation: &Delegation) -> bool {
    delegation.queue.iter().any(|(shares, _)| *shares > 0)
}

/// Mostly a delegation for which something holds.
fn delegation_that(dice: &mut Dice, state: &State, is_fit: impl Fn(&Delegation) -> bool) -> Option<DelegationId> {
    let fit: Vec<_> = state
        .delegations
        .iter()
        .filter(|(_, delegation)| is_fit(delegation))
        .map(|(id, _)| *id)
        .collect();
    let any = dice.among(&state.delegations)?;
    match dice.pick(&fit) {
        Some(id) if !dice.chance(5) => Some(*id),
        _ => Some(any),
    }
}
