//! Arguments of `gantry balance`, `gantry fees` and `gantry stake`.

use clap::Subcommand;
use gantry_sdk::{Pubkey, protocol::limits::MAX_COMMISSION_BPS};

use crate::amount;

/// `gantry balance`.
#[derive(Debug, Subcommand)]
pub(crate) enum BalanceCommand {
    /// List balances in the market and tokens in the wallet
    Ls {
        /// Whose; this wallet's unless given
        #[arg(long, value_name = "WALLET")]
        owner: Option<Pubkey>,
    },
    /// Move tokens from the wallet into the market
    Deposit {
        /// The token's mint
        #[arg(long, value_name = "ADDRESS")]
        mint: Pubkey,

        /// How many tokens, such as 12.5
        #[arg(value_name = "TOKENS", allow_negative_numbers = true, value_parser = amount::written)]
        amount: String,
    },
    /// Move tokens from the market back into the wallet
    Withdraw {
        /// The token's mint
        #[arg(long, value_name = "ADDRESS")]
        mint: Pubkey,

        /// How many tokens, such as 12.5
        #[arg(value_name = "TOKENS", allow_negative_numbers = true, value_parser = amount::written)]
        amount: String,

        /// Ask for it instead: it is paid after a day, even if the mint's cap leaves no room
        #[arg(long)]
        request: bool,
    },
    /// List the withdrawals that were asked for and wait
    Requests {
        /// Whose; this wallet's unless given
        #[arg(long, value_name = "WALLET")]
        owner: Option<Pubkey>,
    },
    /// Pay the withdrawals that have waited long enough; anyone may
    Pay {
        /// Whose; this wallet's unless given
        #[arg(long, value_name = "WALLET")]
        owner: Option<Pubkey>,
    },
    /// Take a withdrawal that waits back into the balance
    Cancel {
        /// The token's mint
        #[arg(long, value_name = "ADDRESS")]
        mint: Pubkey,

        /// The withdrawal's number, as `requests` lists it
        #[arg(value_name = "NUMBER")]
        number: u8,
    },
}

/// `gantry fees`.
#[derive(Debug, Subcommand)]
pub(crate) enum FeesCommand {
    /// List the fees that wait to be swept, the burned part and the treasury
    Ls,
    /// Burn what governance set and send the rest to the treasury; anyone may
    Sweep {
        /// The token's mint
        #[arg(long, value_name = "ADDRESS")]
        mint: Pubkey,
    },
}

/// `gantry stake`.
#[derive(Debug, Subcommand)]
pub(crate) enum StakeCommand {
    /// Show a bond: active, reserved by jobs, and what is unbonding
    Show {
        /// Whose; this wallet's unless given
        #[arg(long, value_name = "WALLET")]
        owner: Option<Pubkey>,
    },
    /// Open an empty stake
    Open,
    /// Bond network tokens from the wallet; opens the stake when there is none
    Deposit {
        /// How many tokens, such as 1000
        #[arg(value_name = "TOKENS", allow_negative_numbers = true, value_parser = amount::written)]
        amount: String,
    },
    /// Begin to unbond; the tokens can be withdrawn after the pool's unbonding period
    Unbond {
        /// How many tokens, such as 1000
        #[arg(value_name = "TOKENS", allow_negative_numbers = true, value_parser = amount::written)]
        amount: String,
    },
    /// Move everything that has finished unbonding back into the wallet
    Withdraw,
    /// Set the part of what delegated stake earns that is the provider's: at once where it falls, after a notice where it rises
    Commission {
        /// Percent, such as 7.5; at most 50
        #[arg(value_name = "PERCENT", allow_negative_numbers = true, value_parser = percent)]
        commission: u16,
    },
}

/// Reads a percentage with up to two digits behind the point, in basis points.
fn percent(text: &str) -> Result<u16, String> {
    const MAX_PERCENT: u16 = MAX_COMMISSION_BPS / 100;
    // A percentage of two decimals counts basis points.
    let bps = amount::parse(text, 2).map_err(|error| error.to_string())?.0;
    let bps = u16::try_from(bps).ok().filter(|bps| *bps <= MAX_COMMISSION_BPS);
    bps.ok_or_else(|| format!("a commission is at most {MAX_PERCENT} percent"))
}
