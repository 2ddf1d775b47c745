//! Classes of GPUs, and what they may cost.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, Place, RangeId},
    cast::{CLASSES, Class, Key, class_name},
    dice::Dice,
    model::{State, Verdict},
};

/// `class_register`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ClassRegister {
    pub signer: Key,
    pub class: Class,
}

impl Step for ClassRegister {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let missing: Vec<_> = (0..CLASSES)
            .filter(|class| !state.classes.contains_key(class))
            .collect();
        let class = dice.pick(&missing).copied().unwrap_or_else(|| dice.class());
        // The authority pays the rent, so it is a wallet.
        Some(Self {
            signer: dice.mostly(state.config.authority, |dice| Key::Wallet(dice.actor())),
            class,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.class_register(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::ClassRegister {
            authority: book.key(self.signer),
            config: book.at(Place::Config),
            gpu_class: book.at(Place::Class(self.class)),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let name = class_name(self.class);
        build(ID, &accounts, &arguments::ClassRegister { name })
    }
}

/// `class_update`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct ClassUpdate {
    pub signer: Key,
    pub class: Class,
    pub enabled: bool,
}

impl Step for ClassUpdate {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let known = dice.among(&state.classes)?;
        Some(Self {
            signer: dice.signer(state.config.authority),
            class: dice.mostly(known, Dice::class),
            // What stops nearly every job is rare, for it lasts until the next change.
            enabled: !dice.chance(8),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.class_update(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::ClassUpdate {
            authority: book.key(self.signer),
            config: book.at(Place::Config),
            gpu_class: book.at(Place::Class(self.class)),
        };
        build(ID, &accounts, &arguments::ClassUpdate { enabled: self.enabled })
    }
}

/// `price_range_register`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PriceRangeRegister {
    pub signer: Key,
    pub range: RangeId,
    pub floor: u64,
    pub ceiling: u64,
}

impl Step for PriceRangeRegister {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let class = dice.among(&state.classes)?;
        let missing: Vec<_> = state
            .mints
            .keys()
            .filter(|token| !state.ranges.contains_key(&(class, **token)))
            .collect();
        let token = dice.pick(&missing).map_or_else(|| dice.token(), |token| **token);
        let (floor, ceiling) = dice.range();
        Some(Self {
            signer: dice.mostly(state.config.authority, |dice| Key::Wallet(dice.actor())),
            range: dice.mostly((class, token), |dice| (dice.class(), dice.token())),
            floor,
            ceiling,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.price_range_register(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::PriceRangeRegister {
            authority: book.key(self.signer),
            config: book.at(Place::Config),
            gpu_class: book.at(Place::Class(self.range.0)),
            registered_mint: book.at(Place::Mint(self.range.1)),
            price_range: book.at(Place::Range(self.range)),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        let (floor, ceiling) = (self.floor, self.ceiling);
        build(ID, &accounts, &arguments::PriceRangeRegister { floor, ceiling })
    }
}

/// `price_range_update`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct PriceRangeUpdate {
    pub signer: Key,
    pub range: RangeId,
    pub floor: u64,
    pub ceiling: u64,
}

impl Step for PriceRangeUpdate {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let known = dice.among(&state.ranges)?;
        let (floor, ceiling) = dice.range();
        Some(Self {
            signer: dice.signer(state.config.authority),
            range: dice.mostly(known, |dice| (dice.class(), dice.token())),
            floor,
            ceiling,
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.price_range_update(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::PriceRangeUpdate {
            authority: book.key(self.signer),
            config: book.at(Place::Config),
            price_range: book.at(Place::Range(self.range)),
        };
        let (floor, ceiling) = (self.floor, self.ceiling);
        build(ID, &accounts, &arguments::PriceRangeUpdate { floor, ceiling })
    }
}

impl Dice {
    /// Any class, or what is none.
    pub(super) fn class(&mut self) -> Class {
        u8::try_from(self.below(u64::from(CLASSES))).expect("few")
    }

    /// A range of rates, mostly wide.
    fn range(&mut self) -> (u64, u64) {
        match self.below(24) {
            0 => (0, 0),
            1 => (2, 1),
            2..=4 => (0, u64::MAX),
            5 => (u64::MAX, u64::MAX),
            6 => (700_000_000, 700_000_000),
            _ => (1, 20_000_000_000),
        }
    }
}
