//! Arguments of the commands that only look.

use clap::{Args, Subcommand, ValueEnum};
use gantry_sdk::{Pubkey, protocol::class};

use crate::amount;

/// `gantry market`.
#[derive(Debug, Subcommand)]
pub(crate) enum MarketCommand {
    /// List nodes that take jobs now
    Ls(MarketListArguments),
    /// List GPU classes, what there is of them, and what governance lets them cost
    Classes,
}

/// What to list.
#[derive(Args, Clone, Debug)]
pub(crate) struct MarketListArguments {
    /// Only nodes of this GPU class, such as h100-sxm
    #[arg(long, value_name = "CLASS", value_parser = name)]
    pub(crate) class: Option<String>,

    /// Only nodes in this region, such as eu-central
    #[arg(long, value_name = "REGION", value_parser = name)]
    pub(crate) region: Option<String>,

    /// Only offers in this mint
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) mint: Option<Pubkey>,

    /// Only nodes with at least this many free GPUs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) gpus: u16,

    /// Most to pay, in whole tokens of --mint per GPU-hour, such as 2.50; converted to the protocol's rate in micro-atoms per
    /// second and rounded down, so that never more is paid
    #[arg(long, value_name = "TOKENS", requires = "mint", allow_negative_numbers = true, value_parser = amount::written)]
    pub(crate) max_price: Option<String>,

    /// Order
    #[arg(long, value_enum, default_value_t = Sort::Price)]
    pub(crate) sort: Sort,

    /// List nodes with simulated GPUs too
    #[arg(long)]
    pub(crate) allow_simulated: bool,

    /// List nodes that take no jobs now, too: silent, inactive, or with too little free stake
    #[arg(long)]
    pub(crate) all: bool,
}

/// How to order nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    /// Cheapest first
    Price,
    /// Most free GPUs first
    Free,
    /// Most GPU memory first
    Memory,
    /// Highest score of the provider first
    Score,
}

/// One job.
#[derive(Args, Clone, Debug)]
pub(crate) struct JobArguments {
    /// The job: its address, the beginning of one that was opened here, or `last`
    pub(crate) job: String,
}

/// What to verify.
#[derive(Args, Clone, Debug)]
pub(crate) struct VerifyArguments {
    /// The job: its address, the beginning of one that was opened here, or `last`
    pub(crate) job: String,

    /// Do not ask the indexer
    #[arg(long)]
    pub(crate) chain_only: bool,
}

/// Reads the name of a class or region.
pub(super) fn name(text: &str) -> Result<String, String> {
    match class::pack(text) {
        Some(_) => Ok(text.to_owned()),
        None => Err("a name has 1 to 16 characters out of a-z, 0-9 and '-'".into()),
    }
}
