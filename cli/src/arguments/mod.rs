//! What can be typed after `gantry`.

mod delegation;
mod device;
mod inspect;
mod money;
mod offer;
mod rent;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use url::Url;

use crate::failure::EXIT_CODES;

pub(crate) use self::{
    delegation::{DelegationCommand, Part},
    device::{DeviceCommand, DeviceRegisterArguments},
    inspect::{JobArguments, MarketCommand, MarketListArguments, Sort, VerifyArguments},
    money::{BalanceCommand, FeesCommand, StakeCommand},
    offer::{
        NodeCommand, NodePriceArguments, NodeRegisterArguments, NodeUpdateArguments, ProviderCommand,
        ProviderProfileArguments, ProviderUpdateArguments, TenantCommand,
    },
    rent::{ExtendArguments, LogsArguments, ResumeArguments, RotateKeyArguments, RunArguments, StopArguments},
};

/// Rent GPUs by the second, paid from an escrow on Solana against receipts that both sides sign
#[derive(Debug, Parser)]
#[command(name = "gantry", version, after_help = EXIT_CODES, max_term_width = 120)]
pub(crate) struct CommandLine {
    #[command(flatten)]
    pub(crate) global: GlobalOptions,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Args, Clone, Debug)]
pub(crate) struct GlobalOptions {
    /// JSON-RPC endpoint of the chain
    #[arg(long, global = true, env = "GANTRY_RPC_URL", value_name = "URL", default_value = "http://127.0.0.1:8899", value_parser = web_address)]
    pub(crate) rpc_url: Url,

    /// The indexer's query API
    #[arg(long, global = true, env = "GANTRY_API_URL", value_name = "URL", default_value = "http://127.0.0.1:8080", value_parser = web_address)]
    pub(crate) api_url: Url,

    /// File with the wallet's keypair, as solana-keygen writes it [default: ~/.config/solana/id.json]
    #[arg(long, global = true, env = "GANTRY_KEYPAIR", value_name = "FILE")]
    pub(crate) keypair: Option<PathBuf>,

    /// Where the session keys of jobs are kept [default: $XDG_STATE_HOME/gantry or ~/.local/state/gantry]
    #[arg(long, global = true, env = "GANTRY_STATE_DIR", value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,

    /// Print one JSON object as the last line of standard output; amounts, rates and counters are strings, since they may have 64
    /// bits, and moments are numbers: Unix seconds
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Money inside the market: what jobs are paid from and providers are paid to
    #[command(subcommand)]
    Balance(BalanceCommand),
    /// What ended jobs have paid to the network, and its way to burn and treasury
    #[command(subcommand)]
    Fees(FeesCommand),
    /// A provider's bond in the network token, and its commission
    #[command(subcommand)]
    Stake(StakeCommand),
    /// Stake that this wallet entrusts to a provider, for a part of its rewards and of its risk
    #[command(subcommand)]
    Delegation(DelegationCommand),
    /// Who offers nodes, with which keys, and where its agent answers
    #[command(subcommand)]
    Provider(ProviderCommand),
    /// What is known of a wallet that rents
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Nodes and what they cost, on the chain
    #[command(subcommand)]
    Node(NodeCommand),
    /// GPUs, each of which the network knows once
    #[command(subcommand)]
    Device(DeviceCommand),
    /// What can be rented, through the indexer
    #[command(subcommand)]
    Market(MarketCommand),
    /// Rent the cheapest node that fits, run a command on it, and pay for the time used
    Run(Box<RunArguments>),
    /// Go on with a job whose `run` was killed or left
    Resume(ResumeArguments),
    /// Show what a job has written, and follow it to its end
    Logs(LogsArguments),
    /// Rent a job's GPUs for longer, at the same rate
    Extend(ExtendArguments),
    /// Give a job a new session key, when the old one may be known to others
    RotateKey(RotateKeyArguments),
    /// End a job and get back what was not used
    Stop(StopArguments),
    /// Jobs of this wallet on the chain, newest first
    Ps,
    /// Print a job's bill, recomputed from the chain
    Bill(JobArguments),
    /// Recompute a job's bill from the chain alone and from the indexer, and compare them to the atom
    Verify(VerifyArguments),
}

/// Reads an http(s) address.
fn web_address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("{error}; write it like http://127.0.0.1:8899"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err("it must begin with http:// or https:// and name a host".into());
    }
    Ok(url)
}
