//! Classes of GPUs, and what they may cost.

use gantry_protocol::class::Name;
use market::{accounts, instruction as arguments};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::super::build;
use crate::address::{self, SYSTEM_PROGRAM};

/// Registers a class; `authority` signs and pays the rent.
#[must_use]
pub fn class_register(authority: Pubkey, name: Name) -> Instruction {
    build(
        market::ID,
        &accounts::ClassRegister {
            authority,
            config: address::config(),
            gpu_class: address::gpu_class(&name),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::ClassRegister { name },
    )
}

/// Changes whether a class takes new nodes and jobs; `authority` signs.
#[must_use]
pub fn class_update(authority: Pubkey, name: &Name, enabled: bool) -> Instruction {
    build(
        market::ID,
        &accounts::ClassUpdate {
            authority,
            config: address::config(),
            gpu_class: address::gpu_class(name),
        },
        &arguments::ClassUpdate { enabled },
    )
}

/// Opens a mint to a class, with the lowest and highest rate per GPU; `authority` signs and pays the rent.
#[must_use]
pub fn price_range_register(authority: Pubkey, class: &Name, mint: Pubkey, floor: u64, ceiling: u64) -> Instruction {
    build(
        market::ID,
        &accounts::PriceRangeRegister {
            authority,
            config: address::config(),
            gpu_class: address::gpu_class(class),
            registered_mint: address::registered_mint(&mint),
            price_range: address::price_range(class, &mint),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::PriceRangeRegister { floor, ceiling },
    )
}

/// Changes the lowest and highest rate per GPU of a class in a mint; `authority` signs.
#[must_use]
pub fn price_range_update(authority: Pubkey, class: &Name, mint: Pubkey, floor: u64, ceiling: u64) -> Instruction {
    build(
        market::ID,
        &accounts::PriceRangeUpdate {
            authority,
            config: address::config(),
            price_range: address::price_range(class, &mint),
        },
        &arguments::PriceRangeUpdate { floor, ceiling },
    )
}
