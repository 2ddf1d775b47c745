//! Instructions of the staking program.

use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;
use staking::{PoolParameters, accounts, instruction as arguments};

use super::build;
use crate::address::{self, SYSTEM_PROGRAM};

/// Creates the pool; `deployer` is the program's upgrade authority and signs.
#[must_use]
pub fn pool_initialize(deployer: Pubkey, mint: Pubkey, token_program: Pubkey, args: PoolParameters) -> Instruction {
    build(
        staking::ID,
        &accounts::PoolInitialize {
            deployer,
            program_data: address::program_data(&staking::ID),
            pool: address::pool(),
            mint,
            vault: address::pool_vault(),
            token_program,
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::PoolInitialize { args },
    )
}

/// Hands the pool to `successor`, which may be `authority` itself, and changes its period; `authority` signs.
#[must_use]
pub fn pool_configure(authority: Pubkey, successor: Pubkey, unbonding_period_s: u32) -> Instruction {
    build(
        staking::ID,
        &accounts::PoolConfigure {
            authority,
            pool: address::pool(),
        },
        &arguments::PoolConfigure {
            authority: successor,
            unbonding_period_s,
        },
    )
}

/// Opens an empty stake; `owner` signs and pays the rent.
#[must_use]
pub fn stake_open(owner: Pubkey) -> Instruction {
    build(
        staking::ID,
        &accounts::StakeOpen {
            owner,
            stake: address::stake(&owner),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::StakeOpen {},
    )
}

/// Bonds `amount` base units from the owner's token account `source`; `owner` signs.
#[must_use]
pub fn stake_deposit(owner: Pubkey, mint: Pubkey, source: Pubkey, token_program: Pubkey, amount: u64) -> Instruction {
    build(
        staking::ID,
        &accounts::StakeDeposit {
            owner,
            pool: address::pool(),
            stake: address::stake(&owner),
            mint,
            vault: address::pool_vault(),
            source,
            token_program,
        },
        &arguments::StakeDeposit { amount },
    )
}

/// Begins to unbond `amount` base units; `owner` signs.
#[must_use]
pub fn unbonding_request(owner: Pubkey, amount: u64) -> Instruction {
    build(
        staking::ID,
        &accounts::UnbondingRequest {
            owner,
            pool: address::pool(),
            stake: address::stake(&owner),
        },
        &arguments::UnbondingRequest { amount },
    )
}

/// Pays all matured requests of `owner` out to its token account `destination`; nobody needs to sign.
#[must_use]
pub fn unbonding_withdraw(owner: Pubkey, mint: Pubkey, destination: Pubkey, token_program: Pubkey) -> Instruction {
    build(
        staking::ID,
        &accounts::UnbondingWithdraw {
            pool: address::pool(),
            stake: address::stake(&owner),
            mint,
            vault: address::pool_vault(),
            destination,
            token_program,
        },
        &arguments::UnbondingWithdraw {},
    )
}

/// Reserves stake of `owner`; only the market's signer can sign it, so on its own it is always refused.
#[must_use]
pub fn stake_reserve(market_signer: Pubkey, owner: Pubkey, amount: u64) -> Instruction {
    build(
        staking::ID,
        &accounts::StakeReserve {
            market_signer,
            pool: address::pool(),
            stake: address::stake(&owner),
        },
        &arguments::StakeReserve { amount },
    )
}

/// Releases stake of `owner`; only the market's signer can sign it, so on its own it is always refused.
#[must_use]
pub fn stake_release(market_signer: Pubkey, owner: Pubkey, amount: u64) -> Instruction {
    build(
        staking::ID,
        &accounts::StakeRelease {
            market_signer,
            pool: address::pool(),
            stake: address::stake(&owner),
        },
        &arguments::StakeRelease { amount },
    )
}

/// Takes a part of the slashable stake; only the market's signer can sign it, inside a call.
#[must_use]
pub fn stake_slash(
    market_signer: Pubkey,
    owner: Pubkey,
    mint: Pubkey,
    token_program: Pubkey,
    bounty_account: Pubkey,
    penalty_bps: u16,
) -> Instruction {
    build(
        staking::ID,
        &accounts::StakeSlash {
            market_signer,
            pool: address::pool(),
            stake: address::stake(&owner),
            mint,
            vault: address::pool_vault(),
            bounty_account,
            token_program,
        },
        &arguments::StakeSlash { penalty_bps },
    )
}

/// Moves the waiting request at `place` back to the active stake; `owner` signs.
#[must_use]
pub fn unbonding_cancel(owner: Pubkey, place: u8) -> Instruction {
    build(
        staking::ID,
        &accounts::UnbondingCancel {
            owner,
            stake: address::stake(&owner),
        },
        &arguments::UnbondingCancel { place },
    )
}
