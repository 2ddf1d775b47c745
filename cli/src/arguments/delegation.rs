//! Arguments of `gantry delegation`.

use std::str::FromStr;

use clap::Subcommand;
use gantry_sdk::Pubkey;

use crate::amount;

/// `gantry delegation`.
#[derive(Debug, Subcommand)]
pub(crate) enum DelegationCommand {
    /// Show what a wallet has delegated to a provider, and what it is worth now
    Show {
        /// The provider's wallet
        #[arg(value_name = "PROVIDER")]
        provider: Pubkey,

        /// Whose delegation; this wallet's unless given
        #[arg(long, value_name = "WALLET")]
        owner: Option<Pubkey>,
    },
    /// Delegate network tokens from the wallet: they earn with the provider's stake and are slashed with it
    Deposit {
        /// The provider's wallet
        #[arg(value_name = "PROVIDER")]
        provider: Pubkey,

        /// How many tokens, such as 1000
        #[arg(value_name = "TOKENS", allow_negative_numbers = true, value_parser = amount::written)]
        amount: String,
    },
    /// Ask tokens back; they earn no more, and can be withdrawn after the pool's unbonding period
    Unbond {
        /// The provider's wallet
        #[arg(value_name = "PROVIDER")]
        provider: Pubkey,

        /// How many tokens, such as 1000, or `all`
        #[arg(value_name = "TOKENS", allow_negative_numbers = true)]
        part: Part,
    },
    /// Take a request back: its tokens earn again
    Cancel {
        /// The provider's wallet
        #[arg(value_name = "PROVIDER")]
        provider: Pubkey,

        /// The request's place, as `gantry delegation show` lists it
        #[arg(value_name = "PLACE")]
        place: u8,
    },
    /// Move everything that has finished unbonding back into the wallet
    Withdraw {
        /// The provider's wallet
        #[arg(value_name = "PROVIDER")]
        provider: Pubkey,
    },
}

/// How much of a delegation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Every share.
    All,
    /// Shares worth this many tokens, as written.
    Tokens(String),
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        amount::written(text)
            .map(Self::Tokens)
            .map_err(|error| format!("{error}; or write `all`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_everything_or_an_amount() {
        assert_eq!("all".parse(), Ok(Part::All));
        assert_eq!("12.5".parse(), Ok(Part::Tokens("12.5".to_owned())));
        assert!("some".parse::<Part>().unwrap_err().ends_with("or write `all`"));
    }
}
