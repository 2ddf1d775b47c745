//! Instructions of the staking program by which others entrust stake to a provider, and by which both earn. `owner` is the provider's
//! wallet throughout.

use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;
use staking::{accounts, instruction as arguments};

use super::build;
use crate::address::{self, SYSTEM_PROGRAM};

/// Opens an empty delegation; `delegator` signs and pays the rent.
#[must_use]
pub fn delegation_open(delegator: Pubkey, owner: Pubkey) -> Instruction {
    build(
        staking::ID,
        &accounts::DelegationOpen {
            delegator,
            stake: address::stake(&owner),
            delegation: address::delegation(&owner, &delegator),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::DelegationOpen {},
    )
}

/// Delegates `amount` base units from the delegator's token account `source`; `delegator` signs.
#[must_use]
pub fn delegation_deposit(
    delegator: Pubkey,
    owner: Pubkey,
    mint: Pubkey,
    source: Pubkey,
    token_program: Pubkey,
    amount: u64,
) -> Instruction {
    build(
        staking::ID,
        &accounts::DelegationDeposit {
            delegator,
            pool: address::pool(),
            stake: address::stake(&owner),
            delegation: address::delegation(&owner, &delegator),
            mint,
            vault: address::pool_vault(),
            source,
            token_program,
        },
        &arguments::DelegationDeposit { amount },
    )
}

/// Begins to unbond what `shares` are worth; `delegator` signs.
#[must_use]
pub fn delegation_unbond(delegator: Pubkey, owner: Pubkey, shares: u64) -> Instruction {
    build(
        staking::ID,
        &accounts::DelegationUnbond {
            delegator,
            pool: address::pool(),
            stake: address::stake(&owner),
            delegation: address::delegation(&owner, &delegator),
        },
        &arguments::DelegationUnbond { shares },
    )
}

/// Moves the delegator's waiting request at `place` back to the delegated stake; `delegator` signs.
#[must_use]
pub fn delegation_cancel(delegator: Pubkey, owner: Pubkey, place: u8) -> Instruction {
    build(
        staking::ID,
        &accounts::DelegationCancel {
            delegator,
            stake: address::stake(&owner),
            delegation: address::delegation(&owner, &delegator),
        },
        &arguments::DelegationCancel { place },
    )
}

/// Pays all matured requests of `delegator` out to its token account `destination`; nobody needs to sign.
#[must_use]
pub fn delegation_withdraw(
    delegator: Pubkey,
    owner: Pubkey,
    mint: Pubkey,
    destination: Pubkey,
    token_program: Pubkey,
) -> Instruction {
    build(
        staking::ID,
        &accounts::DelegationWithdraw {
            pool: address::pool(),
            stake: address::stake(&owner),
            delegation: address::delegation(&owner, &delegator),
            mint,
            vault: address::pool_vault(),
            destination,
            token_program,
        },
        &arguments::DelegationWithdraw {},
    )
}

/// Sets the provider's commission; `owner` signs.
#[must_use]
pub fn commission_set(owner: Pubkey, commission_bps: u16) -> Instruction {
    build(
        staking::ID,
        &accounts::CommissionSet {
            owner,
            pool: address::pool(),
            stake: address::stake(&owner),
        },
        &arguments::CommissionSet { commission_bps },
    )
}

/// Pays a reward of `amount` base units to the provider and its delegators, from the payer's token account `source`; `payer` signs.
#[must_use]
pub fn reward_add(
    payer: Pubkey,
    owner: Pubkey,
    mint: Pubkey,
    source: Pubkey,
    token_program: Pubkey,
    amount: u64,
) -> Instruction {
    build(
        staking::ID,
        &accounts::RewardAdd {
            payer,
            pool: address::pool(),
            stake: address::stake(&owner),
            mint,
            vault: address::pool_vault(),
            source,
            token_program,
        },
        &arguments::RewardAdd { amount },
    )
}
