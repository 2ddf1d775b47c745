//! Instructions of the market program about fees.

use gantry_protocol::limits::FEE_SHARDS;
use market::{accounts, instruction as arguments};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::build;
use crate::address::{self, SYSTEM_PROGRAM};

/// Opens one fee shard of a mint; `payer` signs and pays the rent.
#[must_use]
pub fn fee_shard_open(payer: Pubkey, mint: Pubkey, number: u8) -> Instruction {
    build(
        market::ID,
        &accounts::FeeShardOpen {
            payer,
            registered_mint: address::registered_mint(&mint),
            fee_shard: address::fee_shard(&mint, number),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::FeeShardOpen { number },
    )
}

/// Opens all fee shards of a mint, before which no job opens in it. With the mint's registration they fit into one transaction.
pub fn fee_shards_open(payer: Pubkey, mint: Pubkey) -> impl Iterator<Item = Instruction> {
    (0..FEE_SHARDS).map(move |number| fee_shard_open(payer, mint, number))
}

/// Empties a fee shard of a mint into `treasury_account`, a token account of the treasury; nobody needs to sign.
#[must_use]
pub fn fees_sweep(mint: Pubkey, number: u8, treasury_account: Pubkey, token_program: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::FeesSweep {
            config: address::config(),
            registered_mint: address::registered_mint(&mint),
            fee_shard: address::fee_shard(&mint, number),
            mint,
            vault: address::vault(&mint),
            treasury_account,
            signer: address::market_signer(),
            pool: address::pool(),
            token_program,
        },
        &arguments::FeesSweep {},
    )
}
