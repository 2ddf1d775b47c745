//! GPUs, each of which the network knows once.

use market::{accounts, instruction as arguments};
use solana_program::instruction::Instruction;
use solana_pubkey::Pubkey;

use super::super::build;
use crate::address::{self, SYSTEM_PROGRAM};

/// Registers a GPU for a node; `owner`, the provider's wallet, signs and pays the rent.
#[must_use]
pub fn device_register(owner: Pubkey, node: Pubkey, identity: [u8; 32]) -> Instruction {
    build(
        market::ID,
        &accounts::DeviceRegister {
            owner,
            provider: address::provider(&owner),
            node,
            device: address::device(&identity),
            system_program: SYSTEM_PROGRAM,
        },
        &arguments::DeviceRegister { identity },
    )
}

/// Moves a GPU from a node to another one of its provider; `owner`, the provider's wallet, signs.
#[must_use]
pub fn device_move(owner: Pubkey, identity: &[u8; 32], from: Pubkey, to: Pubkey) -> Instruction {
    build(
        market::ID,
        &accounts::DeviceMove {
            owner,
            provider: address::provider(&owner),
            device: address::device(identity),
            from,
            to,
        },
        &arguments::DeviceMove {},
    )
}

/// Takes a GPU of a node of the provider whose wallet is `owner` off the network; `caller`, that wallet or the market's authority, signs.
#[must_use]
pub fn device_retire(caller: Pubkey, owner: Pubkey, node: Pubkey, identity: &[u8; 32]) -> Instruction {
    build(
        market::ID,
        &accounts::DeviceRetire {
            caller,
            config: address::config(),
            provider: address::provider(&owner),
            node,
            device: address::device(identity),
            owner,
        },
        &arguments::DeviceRetire {},
    )
}
