//! Accounts of the programs, read from their bytes.

pub use anchor_lang::Discriminator;
use market::state::{
    Balance, Claim, Config, Device, Fault, FeeShard, GpuClass, Job, Node, PriceRange, Provider, RegisteredMint, Tenant,
};
use solana_pubkey::Pubkey;
use staking::state::{Delegation, Pool, Stake};

/// Why bytes are not an account of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Another program's account.
    #[error("program {0} is neither market nor staking")]
    ForeignProgram(Pubkey),
    /// No account of this program begins like this.
    #[error("no account of program {program} has the discriminator {discriminator}")]
    UnknownDiscriminator {
        /// The program that owns it.
        program: Pubkey,
        /// The first bytes in hexadecimal.
        discriminator: String,
    },
    /// Not as long as the account's layout.
    #[error("account {name} has {actual} bytes instead of {expected}")]
    WrongLength {
        /// The account's type.
        name: &'static str,
        /// Bytes of its layout, with the discriminator.
        expected: usize,
        /// Bytes there are.
        actual: usize,
    },
}

/// An account type of one of the programs.
pub trait Layout: Discriminator + bytemuck::Pod {
    /// The program that owns it.
    const PROGRAM: Pubkey;
    /// Its name.
    const NAME: &'static str;

    /// Reads it from an account's data.
    ///
    /// # Errors
    /// [`DecodeError`] when the discriminator or the length is another.
    fn read(data: &[u8]) -> Result<Self, DecodeError> {
        let start = Self::DISCRIMINATOR.len();
        if data.get(..start) != Some(Self::DISCRIMINATOR) {
            return Err(unknown(&Self::PROGRAM, data));
        }
        let expected = start + size_of::<Self>();
        if data.len() != expected {
            return Err(DecodeError::WrongLength {
                name: Self::NAME,
                expected,
                actual: data.len(),
            });
        }
        Ok(bytemuck::pod_read_unaligned(&data[start..]))
    }
}

fn unknown(program: &Pubkey, data: &[u8]) -> DecodeError {
    let discriminator = hex::encode(&data[..data.len().min(8)]);
    DecodeError::UnknownDiscriminator {
        program: *program,
        discriminator,
    }
}

macro_rules! accounts {
    ($($program:path: $($name:ident),+;)+) => {
        $($(impl Layout for $name {
            const PROGRAM: Pubkey = $program;
            const NAME: &'static str = stringify!($name);
        })+)+

        /// Any account of the programs.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(missing_docs, clippy::large_enum_variant)]
        pub enum Account { $($($name($name),)+)+ }

        impl Account {
            /// The account's type.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $($(Self::$name(_) => $name::NAME,)+)+ }
            }
        }

        /// Reads any account of `program`.
        ///
        /// # Errors
        /// [`DecodeError`] when the program is not ours or the bytes are none of its accounts.
        pub fn decode(program: &Pubkey, data: &[u8]) -> Result<Account, DecodeError> {
            if ![$($program),+].contains(program) {
                return Err(DecodeError::ForeignProgram(*program));
            }
            $($(if *program == $program && data.starts_with($name::DISCRIMINATOR) {
                return $name::read(data).map(Account::$name);
            })+)+
            Err(unknown(program, data))
        }
    };
}

accounts! {
    staking::ID: Pool, Stake, Delegation;
    market::ID: Config, RegisteredMint, Provider, Node, Balance, Job, Fault, Claim, FeeShard, Tenant,
        GpuClass, PriceRange, Device;
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytemuck::Zeroable;

    fn bytes_of<T: Layout>(account: &T) -> Vec<u8> {
        [T::DISCRIMINATOR, bytemuck::bytes_of(account)].concat()
    }

    #[test]
    fn an_account_is_read_back_from_its_bytes() {
        let balance = Balance {
            amount: 7,
            ..Balance::zeroed()
        };
        assert_eq!(decode(&market::ID, &bytes_of(&balance)), Ok(Account::Balance(balance)));
    }

    #[test]
    fn another_programs_account_is_refused() {
        let stranger = Pubkey::new_from_array([9; 32]);
        assert_eq!(decode(&stranger, &[0; 8]), Err(DecodeError::ForeignProgram(stranger)));
    }

    #[test]
    fn a_truncated_account_is_refused() {
        let mut data = bytes_of(&Balance::zeroed());
        data.pop();
        let refused = DecodeError::WrongLength {
            name: "Balance",
            expected: 88,
            actual: 87,
        };
        assert_eq!(decode(&market::ID, &data), Err(refused));
    }

    #[test]
    fn an_account_of_the_other_program_is_not_mistaken() {
        let data = bytes_of(&Balance::zeroed());
        assert!(matches!(
            decode(&staking::ID, &data),
            Err(DecodeError::UnknownDiscriminator { .. })
        ));
    }
}
