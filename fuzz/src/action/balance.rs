//! Balances: opening, depositing, withdrawing.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, Place},
    cast::{Actor, Key, Purse, Token},
    dice::Dice,
    model::{State, Verdict},
};

/// `balance_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BalanceOpen {
    pub payer: Actor,
    pub owner: Actor,
    pub token: Token,
}

impl Step for BalanceOpen {
    fn generate(dice: &mut Dice, _: &State) -> Option<Self> {
        Some(Self {
            payer: dice.actor(),
            owner: dice.actor(),
            token: dice.token(),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.balance_open(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::BalanceOpen {
            payer: book.wallet(self.payer),
            owner: book.wallet(self.owner),
            registered_mint: book.at(Place::Mint(self.token)),
            balance: book.at(Place::Balance(self.owner, self.token)),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        build(ID, &accounts, &arguments::BalanceOpen {})
    }
}

/// `balance_deposit` of a token into a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BalanceDeposit {
    pub signer: Key,
    pub token: Token,
    pub balance: (Actor, Token),
    pub source: Purse,
    pub amount: u64,
}

impl Step for BalanceDeposit {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let (owner, token) = dice.among(&state.balances)?;
        let own = state.purses[usize::from(owner)][usize::from(token)];
        // Mostly a part, so that there is something to deposit later.
        let limit = if dice.chance(80) { own / 8 } else { own };
        let other = dice.among(&state.balances)?;
        Some(Self {
            signer: dice.signer(Key::Wallet(owner)),
            token,
            balance: dice.mostly((owner, token), |_| other),
            source: dice.purse(owner, token),
            amount: dice.amount(limit),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.balance_deposit(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let (owner, of) = self.balance;
        let accounts = accounts::BalanceDeposit {
            owner: book.key(self.signer),
            registered_mint: book.at(Place::Mint(self.token)),
            balance: book.at(Place::Balance(owner, of)),
            mint: book.mint(self.token),
            vault: book.at(Place::Vault(self.token)),
            source: book.purse(self.source),
            token_program: book.token_program(self.token),
        };
        build(ID, &accounts, &arguments::BalanceDeposit { amount: self.amount })
    }
}

/// `balance_withdraw` of a token out of a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct BalanceWithdraw {
    pub signer: Key,
    pub token: Token,
    pub balance: (Actor, Token),
    pub destination: Purse,
    pub amount: u64,
}

impl Step for BalanceWithdraw {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let (owner, token) = dice.among(&state.balances)?;
        let limit = state.balances[&(owner, token)];
        let other = dice.among(&state.balances)?;
        Some(Self {
            signer: dice.signer(Key::Wallet(owner)),
            token,
            balance: dice.mostly((owner, token), |_| other),
            destination: dice.purse(owner, token),
            amount: dice.amount(limit),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.balance_withdraw(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let (owner, of) = self.balance;
        let accounts = accounts::BalanceWithdraw {
            owner: book.key(self.signer),
            registered_mint: book.at(Place::Mint(self.token)),
            balance: book.at(Place::Balance(owner, of)),
            mint: book.mint(self.token),
            vault: book.at(Place::Vault(self.token)),
            destination: book.purse(self.destination),
            signer: book.at(Place::Signer),
            token_program: book.token_program(self.token),
        };
        build(ID, &accounts, &arguments::BalanceWithdraw { amount: self.amount })
    }
}
