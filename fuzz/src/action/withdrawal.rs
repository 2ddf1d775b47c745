//! Caps on withdrawals, and withdrawals that wait.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, Place, WithdrawalId},
    cast::{Actor, Key, Purse, Token},
    dice::Dice,
    model::{State, Verdict},
};

/// `mint_cap_set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MintCapSet {
    pub signer: Key,
    pub token: Token,
    pub cap: u64,
}

impl Step for MintCapSet {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let token = dice.token();
        let cap = match dice.below(12) {
            0 => 0,
            1 => dice.between(1, 5_000),
            2 | 3 => u64::MAX - 1,
            4..=7 => u64::MAX,
            _ => dice.amount(state.vaults[usize::from(token)] / 8),
        };
        Some(Self {
            signer: dice.signer(state.config.authority),
            token,
            cap,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.mint_cap_set(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::MintCapSet {
            authority: book.key(self.signer),
            config: book.at(Place::Config),
            registered_mint: book.at(Place::Mint(self.token)),
        };
        build(ID, &accounts, &arguments::MintCapSet { withdraw_cap: self.cap })
    }
}

/// `withdrawal_request`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WithdrawalRequest {
    /// Pays the rent, so it is a wallet.
    pub signer: Actor,
    pub balance: (Actor, Token),
    pub number: u8,
    pub amount: u64,
}

impl Step for WithdrawalRequest {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let balance = dice.among(&state.balances)?;
        let limit = state.balances[&balance];
        let number = dice.between(0, 3);
        Some(Self {
            signer: dice.mostly(balance.0, Dice::actor),
            balance,
            number: u8::try_from(dice.mostly(number, |dice| dice.between(0, 255))).ok()?,
            amount: dice.amount(limit),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.withdrawal_request(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let (owner, token) = self.balance;
        let accounts = accounts::WithdrawalRequest {
            owner: book.wallet(self.signer),
            balance: book.at(Place::Balance(owner, token)),
            withdrawal: book.at(Place::Withdrawal((self.balance, self.number))),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let arguments = arguments::WithdrawalRequest {
            number: self.number,
            amount: self.amount,
        };
        build(ID, &accounts, &arguments)
    }
}

/// A withdrawal that waits, rarely one that does not.
fn waiting(dice: &mut Dice, state: &State) -> Option<WithdrawalId> {
    let waits = dice.among(&state.withdrawals);
    match dice.below(50) {
        0 => Some((dice.among(&state.balances)?, u8::try_from(dice.below(6)).ok()?)),
        _ => waits,
    }
}

/// `withdrawal_cancel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WithdrawalCancel {
    pub signer: Key,
    pub withdrawal: WithdrawalId,
    pub balance: (Actor, Token),
}

impl Step for WithdrawalCancel {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let withdrawal = waiting(dice, state)?;
        let other = dice.among(&state.balances)?;
        Some(Self {
            signer: dice.signer(Key::Wallet(withdrawal.0.0)),
            withdrawal,
            balance: dice.mostly(withdrawal.0, |_| other),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.withdrawal_cancel(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::WithdrawalCancel {
            owner: book.key(self.signer),
            balance: book.at(Place::Balance(self.balance.0, self.balance.1)),
            withdrawal: book.at(Place::Withdrawal(self.withdrawal)),
        };
        build(ID, &accounts, &arguments::WithdrawalCancel {})
    }
}

/// `withdrawal_pay`, which nobody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct WithdrawalPay {
    pub withdrawal: WithdrawalId,
    pub owner: Actor,
    pub token: Token,
    pub destination: Purse,
}

impl Step for WithdrawalPay {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        // Mostly one that is due, or will be in a second.
        let is_any = dice.chance(10);
        let due = state.withdrawals.iter();
        let due: Vec<_> = due
            .filter(|(_, waiting)| is_any || waiting.payable_at <= state.now + 1)
            .map(|(id, _)| *id)
            .collect();
        let withdrawal = dice.pick(&due).copied()?;
        let (owner, token) = withdrawal.0;
        Some(Self {
            withdrawal,
            owner: dice.mostly(owner, Dice::actor),
            token: dice.mostly(token, Dice::token),
            destination: dice.purse(owner, token),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.withdrawal_pay(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::WithdrawalPay {
            registered_mint: book.at(Place::Mint(self.token)),
            withdrawal: book.at(Place::Withdrawal(self.withdrawal)),
            owner: book.wallet(self.owner),
            mint: book.mint(self.token),
            vault: book.at(Place::Vault(self.token)),
            destination: book.purse(self.destination),
            signer: book.at(Place::Signer),
            token_program: book.token_program(self.token),
        };
        build(ID, &accounts, &arguments::WithdrawalPay {})
    }
}
