//! What it costs to look good: simulations with the protocol's own functions.

mod wash_trading;

use anyhow::Result;
use clap::Subcommand;

/// What to simulate.
#[derive(Debug, Subcommand)]
pub(crate) enum Simulate {
    /// A provider that rents from itself to raise its score, beside an honest one with the same score.
    WashTrading,
}

impl Simulate {
    pub(crate) fn run(self) -> Result<()> {
        match self {
            Self::WashTrading => wash_trading::run(),
        }
    }
}
