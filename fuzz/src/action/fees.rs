//! Opening fee shards, and sweeping them.

use gantry_sdk::{
    Instruction,
    market::{ID, accounts, instruction as arguments},
};
use serde::{Deserialize, Serialize};

use super::{Step, build};
use crate::{
    book::{Book, Place, SHARDS, ShardId},
    cast::{Actor, Key, Purse, Token},
    dice::Dice,
    model::{State, Verdict},
};

/// `fee_shard_open`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FeeShardOpen {
    pub payer: Actor,
    pub shard: ShardId,
}

impl Step for FeeShardOpen {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        let all = state
            .mints
            .keys()
            .flat_map(|token| (0..SHARDS).map(|number| (*token, number)));
        let missing: Vec<_> = all.filter(|shard| !state.shards.contains_key(shard)).collect();
        let any = (dice.token(), u8::try_from(dice.below(10)).ok()?);
        Some(Self {
            payer: dice.actor(),
            shard: match dice.pick(&missing) {
                Some(shard) if !dice.chance(10) => *shard,
                _ => any,
            },
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.fee_shard_open(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let (token, number) = self.shard;
        let accounts = accounts::FeeShardOpen {
            payer: book.wallet(self.payer),
            registered_mint: book.at(Place::Mint(token)),
            fee_shard: book.at(Place::Shard(self.shard)),
            system_program: gantry_sdk::address::SYSTEM_PROGRAM,
        };
        build(ID, &accounts, &arguments::FeeShardOpen { number })
    }
}

/// `fees_sweep`, which nobody signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct FeesSweep {
    pub token: Token,
    pub shard: ShardId,
    pub destination: Purse,
}

impl Step for FeesSweep {
    fn generate(dice: &mut Dice, state: &State) -> Option<Self> {
        // Mostly one that holds something.
        let full: Vec<_> = state.shards.iter().filter(|(_, amount)| **amount > 0).collect();
        let any = dice.among(&state.shards)?;
        let shard = match dice.pick(&full) {
            Some((shard, _)) if !dice.chance(5) => **shard,
            _ => any,
        };
        let token = dice.mostly(shard.0, Dice::token);
        let treasurer = match state.config.treasury {
            Key::Wallet(actor) => actor,
            // Its token accounts do not exist.
            _ => dice.actor(),
        };
        Some(Self {
            token,
            shard: dice.mostly(shard, |_| any),
            destination: dice.purse(treasurer, token),
        })
    }

    fn apply(&self, state: &mut State) -> Verdict {
        state.fees_sweep(self)
    }

    fn instructions(&self, book: &Book) -> Vec<Instruction> {
        let accounts = accounts::FeesSweep {
            config: book.at(Place::Config),
            registered_mint: book.at(Place::Mint(self.token)),
            fee_shard: book.at(Place::Shard(self.shard)),
            mint: book.mint(self.token),
            vault: book.at(Place::Vault(self.token)),
            treasury_account: book.purse(self.destination),
            signer: book.at(Place::Signer),
            pool: book.at(Place::Pool),
            token_program: book.token_program(self.token),
        };
        build(ID, &accounts, &arguments::FeesSweep {})
    }
}
