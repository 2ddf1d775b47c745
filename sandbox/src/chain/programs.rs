//! Programs that the chain holds before its first block, as if deployed and upgradeable.

use std::{fs, path::Path};

use solana_pubkey::Pubkey;
use surfpool_core::surfnet::locker::SurfnetSvmLocker;

use super::ChainError;

/// The loader's header before a program's bytecode: a tag, the slot, and the upgrade authority.
const PROGRAM_DATA_HEADER: usize = 45;
/// Where the header says that there is an upgrade authority, and who.
const AUTHORITY_TAG: usize = 12;
const ELF_MAGIC: &[u8] = b"\x7fELF";

/// A program's bytecode and who may upgrade it.
#[derive(Clone, Debug)]
pub struct Program {
    name: String,
    id: Pubkey,
    authority: Pubkey,
    bytecode: Vec<u8>,
}

impl Program {
    /// Reads `name.so` from `dir`.
    ///
    /// # Errors
    /// When the file is missing or is no program.
    pub fn read(dir: &Path, name: &str, id: Pubkey, authority: Pubkey) -> Result<Self, ChainError> {
        let path = dir.join(format!("{name}.so"));
        let refused = |reason| ChainError::Program {
            name: name.to_owned(),
            reason,
        };
        let bytecode = fs::read(&path).map_err(|error| {
            refused(format!(
                "{}: {error}; build the programs with `./dev programs`",
                path.display()
            ))
        })?;
        if !bytecode.starts_with(ELF_MAGIC) {
            return Err(refused(format!(
                "{} is no program: it does not begin as an ELF file does",
                path.display()
            )));
        }
        Ok(Self {
            name: name.to_owned(),
            id,
            authority,
            bytecode,
        })
    }

    /// Writes the program and its data account, then looks whether both are really there.
    ///
    /// The programs' own initialisation asks the data account who may initialise them, so a chain on which that account
    /// is missing would only fail later and less clearly.
    pub(super) fn load(&self, locker: &SurfnetSvmLocker) -> Result<(), ChainError> {
        let refused = |reason: String| ChainError::Program {
            name: self.name.clone(),
            reason,
        };
        let write = locker.write_program(
            self.id.to_bytes().into(),
            Some(self.authority.to_bytes().into()),
            0,
            &self.bytecode,
            &None,
        );
        hiro_system_kit::nestable_block_on(write).map_err(|error| refused(error.to_string()))?;

        let (data_address, _) = Pubkey::find_program_address(&[self.id.as_ref()], &LOADER);
        let data = locker
            .with_svm_reader(|svm| svm.inner.get_account(&data_address.to_bytes().into()))
            .map_err(|error| refused(error.to_string()))?
            .ok_or_else(|| refused(format!("its data account {data_address} was not created")))?
            .data;
        let authority = data.get(AUTHORITY_TAG..PROGRAM_DATA_HEADER);
        let expected: Vec<u8> = std::iter::once(1).chain(self.authority.to_bytes()).collect();
        if authority != Some(expected.as_slice()) || data.get(PROGRAM_DATA_HEADER..) != Some(self.bytecode.as_slice()) {
            return Err(refused(format!(
                "its data account {data_address} holds something else than was written"
            )));
        }
        Ok(())
    }
}

/// The upgradeable loader.
const LOADER: Pubkey = Pubkey::from_str_const("BPFLoaderUpgradeab1e11111111111111111111111");
