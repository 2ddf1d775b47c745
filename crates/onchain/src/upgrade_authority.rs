//! Proof that a signer is a program's upgrade authority.
//!
//! The first configuration of a program decides who governs it. Whoever deployed the program must make it, or a stranger who
//! watches for deployments would be faster.

use anchor_lang::prelude::*;

/// The upgradeable loader (loader v3), `BPFLoaderUpgradeab1e11111111111111111111111`.
pub const LOADER: Address = anchor_lang::address!("BPFLoaderUpgradeab1e11111111111111111111111");

/// Tag of the `ProgramData` variant in the loader's state.
const PROGRAM_DATA_TAG: [u8; 4] = 3u32.to_le_bytes();

/// Whether `program_data` belongs to `program` and names `signer` as its upgrade authority.
///
/// Layout (`UpgradeableLoaderState::ProgramData`): tag `u32`, deployment slot `u64`, authority `Option<Pubkey>`. The caller has
/// checked that `program_data` is the program's address: [`program_data_address`].
#[must_use]
pub fn is_held_by(program_data: &AccountView, signer: &Address) -> bool {
    if !program_data.owned_by(&LOADER) {
        return false;
    }
    let Ok(data) = program_data.try_borrow() else {
        return false;
    };
    data.get(..4) == Some(&PROGRAM_DATA_TAG) && data.get(12) == Some(&1) && data.get(13..45) == Some(signer.as_ref())
}

/// Where the loader keeps a program's data and upgrade authority.
#[must_use]
pub fn program_data_address(program: &Address) -> Address {
    find_program_address(&[program.as_ref()], &LOADER).0
}
