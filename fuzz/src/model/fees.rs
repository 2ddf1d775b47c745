//! Where fees go: into shards when jobs close, and out of them by sweeps.

use gantry_sdk::market::MarketError;

use super::{
    State, Verdict, arithmetic,
    refusal::{EXISTS, READ_MISSING, TWICE, WRITTEN_MISSING, WRONG_PURSE, require},
};
use crate::{
    action::{FeeShardOpen, FeesSweep},
    book::SHARDS,
    cast::{GNT, Key, Purse},
};

impl State {
    /// `fee_shard_open`: by anyone, once each.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn fee_shard_open(&mut self, open: &FeeShardOpen) -> Verdict {
        let (token, number) = open.shard;
        require(self.mints.contains_key(&token), WRITTEN_MISSING)?;
        require(!self.shards.contains_key(&open.shard), EXISTS)?;
        require(number < SHARDS, MarketError::NoSuchFeeShard)?;
        self.shards.insert(open.shard, 0);
        Ok(())
    }

    /// `fees_sweep`: of the network token a part is burned, rounded down; the rest goes to the treasury. The shard is empty then.
    ///
    /// # Errors
    /// As the protocol says.
    pub fn fees_sweep(&mut self, sweep: &FeesSweep) -> Verdict {
        let FeesSweep {
            token,
            shard,
            destination,
        } = *sweep;
        let vault = Purse::Vault(token);
        require(destination != vault, TWICE)?;
        require(self.mints.contains_key(&token), READ_MISSING)?;
        let amount = self.shards.get(&shard).copied().ok_or(WRITTEN_MISSING)?;
        require(self.purse_exists(destination), WRITTEN_MISSING)?;
        require(destination.token() == token, WRONG_PURSE)?;
        let is_treasurys = matches!(destination, Purse::Of(owner, _) if self.config.treasury == Key::Wallet(owner));
        require(is_treasurys, MarketError::WrongTreasury)?;
        require(shard.0 == token, MarketError::WrongFeeShard)?;
        require(amount > 0, MarketError::NothingToSweep)?;
        let burned = if token == GNT {
            arithmetic::part(amount, self.config.fee_burn_bps)
        } else {
            0
        };
        self.carry(vault, destination, amount - burned);
        *self.tokens_in(vault) -= burned;
        self.supply[usize::from(token)] -= burned;
        self.shards.insert(shard, 0);
        Ok(())
    }
}
