//! What kind of account belongs in a place, and how Anchor refuses one that cannot be it, whoever it is.

use gantry_sdk::{
    Pubkey,
    address::{LOADER, SYSTEM_PROGRAM, TOKEN_PROGRAM},
};
use gantry_tests::token::TOKEN_2022_PROGRAM;
use solana_account::Account;
use solana_instruction::error::InstructionError;

use crate::{expectation::CONSTRAINT_MUT, idl::Place};

/// Bytes of a mint without extensions.
const MINT_BYTES: usize = 82;
/// Bytes of a token account without extensions.
const TOKENS_BYTES: usize = 165;
/// Where a mint says that it is initialised; a token account has a byte of its owner there.
const MINT_INITIALIZED_AT: usize = 45;

/// The kind of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Signs.
    Signer,
    /// An account of one of our programs: `Account<T>`.
    State {
        /// The program.
        program: Pubkey,
        /// The type.
        discriminator: [u8; 8],
        /// Bytes with the discriminator.
        bytes: usize,
    },
    /// `InterfaceAccount<Mint>`.
    Mint,
    /// `InterfaceAccount<TokenAccount>`.
    Tokens,
    /// `Program<System>` or `Interface<TokenInterface>`.
    Program,
    /// The loader's record of a program, an `UncheckedAccount`.
    Record,
    /// A sysvar, an `UncheckedAccount`.
    Sysvar,
    /// Anything else of which only the address counts, an `UncheckedAccount`.
    Address,
    /// Created by the call.
    Init,
}

impl Kind {
    /// The kind of a place, by what rightly stands there.
    pub(crate) fn of(place: &Place, address: &Pubkey, right: &Account) -> Self {
        if place.signer {
            Self::Signer
        } else if place.writable && *right == Account::default() {
            Self::Init
        } else if right.executable {
            // The staking program is checked by its address alone.
            if *address == staking::ID {
                Self::Address
            } else {
                Self::Program
            }
        } else if [market::ID, staking::ID].contains(&right.owner) {
            Self::State {
                program: right.owner,
                discriminator: right.data[..8].try_into().expect("8 bytes"),
                bytes: right.data.len(),
            }
        } else if is_token_program(&right.owner) {
            if right.data.len() == MINT_BYTES {
                Self::Mint
            } else {
                Self::Tokens
            }
        } else if right.owner == LOADER {
            Self::Record
        } else if address.to_string().starts_with("Sysvar") {
            Self::Sysvar
        } else {
            Self::Address
        }
    }

    /// Why an account cannot be of this kind. Accounts are loaded before anything is compared.
    ///
    /// Anchor looks at the length of a writable account before its owner, and at the owner of a read-only one before its length.
    pub(crate) fn refuses(
        self,
        account: &Account,
        asked_writable: bool,
        is_writable: bool,
    ) -> Option<InstructionError> {
        use InstructionError::{
            AccountDataTooSmall, IllegalOwner, IncorrectProgramId, InvalidAccountData, UninitializedAccount,
        };
        let owned = match self {
            Self::State { program, .. } => account.owner == program,
            Self::Mint | Self::Tokens => is_token_program(&account.owner),
            Self::Program if !account.executable => return Some(crate::expectation::CONSTRAINT_EXECUTABLE),
            Self::Program => return Some(IncorrectProgramId),
            Self::Signer | Self::Record | Self::Sysvar | Self::Address | Self::Init => return None,
        };
        let bytes = self.bytes();
        let is_state = matches!(self, Self::State { .. });
        if asked_writable && !is_writable {
            return Some(CONSTRAINT_MUT);
        }
        if asked_writable && account.data.len() < bytes {
            return Some(AccountDataTooSmall);
        }
        if !owned {
            let closed = account.lamports == 0 && account.owner == SYSTEM_PROGRAM;
            return Some(if is_state && closed {
                UninitializedAccount
            } else {
                IllegalOwner
            });
        }
        match self {
            Self::State { .. } if account.data.len() < bytes => Some(AccountDataTooSmall),
            Self::State { discriminator, .. } => (account.data[..8] != discriminator).then_some(InvalidAccountData),
            _ if account.data.len() < bytes => Some(InvalidAccountData),
            Self::Mint if account.data[MINT_INITIALIZED_AT] == 0 => Some(UninitializedAccount),
            Self::Tokens if account.data.iter().all(|byte| *byte == 0) => Some(UninitializedAccount),
            Self::Mint => (!has_type(&account.data, bytes, 1)).then_some(InvalidAccountData),
            _ => (!has_type(&account.data, bytes, 2)).then_some(InvalidAccountData),
        }
    }

    /// Bytes that an account of this kind has at least.
    pub(crate) const fn bytes(self) -> usize {
        match self {
            Self::State { bytes, .. } => bytes,
            Self::Mint => MINT_BYTES,
            _ => TOKENS_BYTES,
        }
    }
}

/// Whether these are the bytes of a mint or a token account: without extensions the length says which, with them the type behind the
/// length of a token account.
fn has_type(data: &[u8], bytes: usize, account_type: u8) -> bool {
    data.len() == bytes || data.get(TOKENS_BYTES) == Some(&account_type)
}

fn is_token_program(program: &Pubkey) -> bool {
    [TOKEN_PROGRAM, TOKEN_2022_PROGRAM].contains(program)
}
