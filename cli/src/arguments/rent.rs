//! Arguments of `gantry run`, `resume`, `logs` and `stop`.

use std::path::PathBuf;

use clap::Args;
use gantry_sdk::Pubkey;

use super::inspect::name;
use crate::{amount, period};

/// `gantry run`.
#[derive(Args, Clone, Debug)]
pub(crate) struct RunArguments {
    #[command(flatten)]
    pub(crate) wishes: Wishes,

    /// Directory whose files the workload finds in its working directory
    #[arg(long, value_name = "DIR")]
    pub(crate) bundle: Option<PathBuf>,

    /// Directory that receives what the workload leaves under $GANTRY_OUT
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,

    /// A variable for the workload's environment; can be given several times
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = variable)]
    pub(crate) environment: Vec<(String, String)>,

    /// How long the provider may be silent before the job is stopped and closed without it
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = period::rentable)]
    pub(crate) provider_timeout: u32,

    /// When the node is lost, go on with another one of its class that is no dearer, with what is left of the escrow; the workload
    /// begins anew there
    #[arg(long)]
    pub(crate) failover: bool,

    /// What to run, after `--`: a program, or a path with a slash into the bundle, and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<String>,
}

/// What to rent.
#[derive(Args, Clone, Debug)]
pub(crate) struct Wishes {
    /// Mint of the token to pay with; may be left out where the market takes one mint only
    #[arg(long, value_name = "ADDRESS", env = "GANTRY_MINT")]
    pub(crate) mint: Option<Pubkey>,

    /// GPU class, such as h100-sxm
    #[arg(long, value_name = "CLASS", value_parser = name)]
    pub(crate) class: Option<String>,

    /// Region, such as eu-central
    #[arg(long, value_name = "REGION", value_parser = name)]
    pub(crate) region: Option<String>,

    /// This node and no other
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) node: Option<Pubkey>,

    /// Number of GPUs
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) gpus: u16,

    /// Most to pay, in whole tokens per GPU-hour, such as 2.50; converted to the protocol's rate in micro-atoms per second and
    /// rounded down, so that never more is paid
    #[arg(long, value_name = "TOKENS", allow_negative_numbers = true, value_parser = amount::written)]
    pub(crate) max_price: Option<String>,

    /// Longest time to rent for; the escrow covers it, and what is not used comes back
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = period::rentable)]
    pub(crate) max_duration: u32,

    /// Take nodes with simulated GPUs too
    #[arg(long)]
    pub(crate) allow_simulated: bool,
}

/// `gantry resume`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ResumeArguments {
    /// The job: its address, the beginning of one that was opened here, or `last`
    pub(crate) job: String,

    /// How long the provider may be silent before the job is stopped and closed without it
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = period::rentable)]
    pub(crate) provider_timeout: u32,
}

/// `gantry logs`.
#[derive(Args, Clone, Debug)]
pub(crate) struct LogsArguments {
    /// The job: its address, the beginning of one that was opened here, or `last`
    pub(crate) job: String,

    /// Begin at this byte
    #[arg(long, value_name = "BYTE", default_value_t = 0)]
    pub(crate) from: u64,

    /// How long the provider may be silent before it is given up
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = period::rentable)]
    pub(crate) provider_timeout: u32,
}

/// `gantry extend`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExtendArguments {
    /// The job: its address, the beginning of one that was opened here, or `last`
    pub(crate) job: String,

    /// Longest time to rent for in all, from the job's start; the escrow grows by what the added time costs, and what is not used comes back
    #[arg(long, value_name = "DURATION", value_parser = period::rentable)]
    pub(crate) max_duration: u32,
}

/// `gantry rotate-key`.
#[derive(Args, Clone, Debug)]
pub(crate) struct RotateKeyArguments {
    /// The job: its address, the beginning of one that was opened here, or `last`
    pub(crate) job: String,
}

/// `gantry stop`.
#[derive(Args, Clone, Debug)]
pub(crate) struct StopArguments {
    /// The job: its address, the beginning of one that was opened here, or `last`
    pub(crate) job: String,

    /// How long the provider may be silent before the job is closed without it
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = period::rentable)]
    pub(crate) provider_timeout: u32,
}

/// Reads `NAME=VALUE`.
pub(super) fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}
