//! Instructions and accounts as nobody honest makes them.

use gantry_sdk::{Instruction, Pubkey};

use crate::chain::Chain;

/// The instruction with another account in the place of `old`.
///
/// # Panics
/// When it does not name `old`.
#[must_use]
pub fn exchange(mut instruction: Instruction, old: &Pubkey, new: &Pubkey) -> Instruction {
    let place = instruction.accounts.iter_mut().find(|account| account.pubkey == *old);
    place
        .unwrap_or_else(|| panic!("the instruction does not name {old}"))
        .pubkey = *new;
    instruction
}

/// The instruction without asking for the signature of account number `index`.
#[must_use]
pub fn unsigned(mut instruction: Instruction, index: usize) -> Instruction {
    instruction.accounts[index].is_signer = false;
    instruction
}

/// The instruction with account number `index` read-only.
#[must_use]
pub fn read_only(mut instruction: Instruction, index: usize) -> Instruction {
    instruction.accounts[index].is_writable = false;
    instruction
}

/// A copy of an account, byte for byte, that belongs to another program, at a new address.
///
/// # Panics
/// When there is no such account.
pub fn counterfeit(chain: &mut Chain, genuine: &Pubkey) -> Pubkey {
    let mut account = chain
        .account(genuine)
        .unwrap_or_else(|| panic!("there is nothing at {genuine}"));
    account.owner = Pubkey::new_unique();
    let address = Pubkey::new_unique();
    chain.put(&address, account);
    address
}
