//! Accounts of tenants, and what fees weigh in records.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, Place},
    cast::{Actor, GNT, Key, Token, actors},
    dice::Dice,
    model::{State, Verdict},
};

/// `tenant_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct TenantOpen {
    pub payer: Actor,
    pub wallet: Actor,
}

impl Step for TenantOpen {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let missing: Vec<_> = actors().filter(|actor| !state.tenants.contains_key(actor)).collect();
        let any = dice.actor();
        Some(Self {
            payer: dice.actor(),
            wallet: match dice.pick(&missing) {
                Some(actor) if !dice.chance(10) => *actor,
                _ => any,
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.tenant_open(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::TenantOpen {
            payer: book.wallet(self.payer),
            wallet: book.wallet(self.wallet),
            tenant_account: book.at(Place::Tenant(self.wallet)),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        build(ID, &accounts, &arguments::TenantOpen {})
    }
}

/// `mint_reference_set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct MintReferenceSet {
    pub signer: Key,
    pub token: Token,
    pub reference: u64,
}

/// What a mint weighs in an ordinary market.
#[must_use]
pub const fn usual_reference(token: Token) -> u64 {
    if token == GNT { 1_000_000 } else { 2_000_000_000 }
}

impl Step for MintReferenceSet {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let token = dice.token();
        Some(Self {
            signer: dice.signer(state.config.authority),
            token,
            reference: match dice.below(12) {
                0 => 0,
                1 => 1,
                2 => u64::MAX,
                3 => dice.between(1, u64::MAX),
                _ => usual_reference(token),
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.mint_reference_set(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::MintReferenceSet {
            authority: book.key(self.signer),
            config: book.at(Place::Config),
            registered_mint: book.at(Place::Mint(self.token)),
        };
        let reference_price = self.reference;
        build(ID, &accounts, &arguments::MintReferenceSet { reference_price })
    }
}
