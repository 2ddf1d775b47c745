//! Arguments of `gantry order` and `gantry bid`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use gantry_sdk::Pubkey;

use super::{inspect::name, rent::variable};
use crate::{amount, period};

/// `gantry order`.
#[derive(Debug, Subcommand)]
pub(crate) enum OrderCommand {
    /// Say what you need and the most you pay; providers bid for it. `gantry resume` runs the command once a bid is accepted
    Post(Box<OrderArguments>),
    /// Post an order, wait until no more bids are taken, accept the best one, and run the command
    Run(Box<OrderRunArguments>),
    /// List this wallet's orders, or all open ones
    Ls {
        /// List everybody's open orders: what a provider could bid for
        #[arg(long)]
        all: bool,

        /// Only orders for this GPU class, such as h100-sxm
        #[arg(long, value_name = "CLASS", value_parser = name)]
        class: Option<String>,
    },
    /// Show an order with its bids
    Show {
        /// The order's address
        order: Pubkey,
    },
    /// List an order's bids, the best first
    Bids {
        /// The order's address
        order: Pubkey,
    },
    /// Open the job with a bid: your own order at any time, anyone's with the best bid once no more are taken
    Accept {
        /// The order's address
        order: Pubkey,

        /// The bid of this node; the best one unless given
        #[arg(long, value_name = "ADDRESS")]
        node: Option<Pubkey>,
    },
    /// End an order without a job; its escrow and all deposits go back. Anyone's once its time is over
    Cancel {
        /// The order's address
        order: Pubkey,
    },
}

/// What is needed, and what is to run.
#[derive(Args, Clone, Debug)]
pub(crate) struct OrderArguments {
    /// GPU class, such as h100-sxm
    #[arg(long, value_name = "CLASS", value_parser = name)]
    pub(crate) class: String,

    /// Most to pay, in whole tokens per GPU-hour, such as 2.50; converted to the protocol's rate in micro-atoms per second and
    /// rounded down, so that never more is paid
    #[arg(long, value_name = "TOKENS", allow_negative_numbers = true, value_parser = amount::written)]
    pub(crate) max_price: String,

    /// Mint of the token to pay with; may be left out where the market takes one mint only
    #[arg(long, value_name = "ADDRESS", env = "GANTRY_MINT")]
    pub(crate) mint: Option<Pubkey>,

    /// Region, such as eu-central; any unless given
    #[arg(long, value_name = "REGION", value_parser = name)]
    pub(crate) region: Option<String>,

    /// Number of GPUs of one node
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) gpus: u16,

    /// Least memory of each GPU, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 0)]
    pub(crate) min_memory_mib: u32,

    /// Longest time to rent for; the escrow covers it, and what is not used comes back
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = period::rentable)]
    pub(crate) max_duration: u32,

    /// Least score of the provider, 0 to 10000; a newcomer has 1000
    #[arg(long, value_name = "SCORE", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=10_000))]
    pub(crate) min_score: u16,

    /// Take nodes with simulated GPUs too
    #[arg(long)]
    pub(crate) allow_simulated: bool,

    /// How long bids are taken: 10s to 1d
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = period::rentable)]
    pub(crate) bid_window: u32,

    /// How long after that one can be accepted: 30s to 1d
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = period::rentable)]
    pub(crate) accept_window: u32,

    /// Directory whose files the workload finds in its working directory
    #[arg(long, value_name = "DIR")]
    pub(crate) bundle: Option<PathBuf>,

    /// Directory that receives what the workload leaves under $GANTRY_OUT
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// A variable for the workload's environment; can be given several times
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) environment: Vec<(String, String)>,

    /// What to run, after `--`: a program, or a path with a slash into the bundle, and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// `gantry order run`.
#[derive(Args, Clone, Debug)]
pub(crate) struct OrderRunArguments {
    #[command(flatten)]
    pub(crate) order: OrderArguments,

    /// How long the provider may be silent before the job is stopped and closed without it
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = period::rentable)]
    pub(crate) provider_timeout: u32,
}

/// `gantry bid`.
#[derive(Debug, Subcommand)]
pub(crate) enum BidCommand {
    /// Bid for an order with a node of this wallet, or lower the node's bid; the deposit leaves the balance and comes back
    Place {
        /// The order's address
        order: Pubkey,

        /// The node
        #[arg(long, value_name = "ADDRESS")]
        node: Pubkey,

        /// What to ask for, in whole tokens per GPU-hour, such as 1.20
        #[arg(long, value_name = "TOKENS", allow_negative_numbers = true, value_parser = amount::written)]
        price: String,
    },
    /// Take a bid back: without cost while bids are taken, or once the order has expired
    Withdraw {
        /// The order's address
        order: Pubkey,

        /// The node
        #[arg(long, value_name = "ADDRESS")]
        node: Pubkey,

        /// Take it back although its deposit is lost to the tenant
        #[arg(long)]
        lose_deposit: bool,
    },
    /// List this wallet's bids
    Ls {
        /// Whose bids; this wallet's unless given
        #[arg(long, value_name = "WALLET")]
        owner: Option<Pubkey>,
    },
}
