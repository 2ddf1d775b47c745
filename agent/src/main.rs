//! `gantry-agent`: what a provider leaves running.
#![deny(clippy::unwrap_used)]

use anyhow::Result;
use clap::{Parser, Subcommand};
use gantry_agent::runtime::{directory::JobDirectory, supervisor};
use std::path::PathBuf;

#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs one job's workload; started by the agent itself.
    #[command(hide = true)]
    Supervise {
        /// The job's directory.
        directory: PathBuf,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Supervise { directory } => Ok(supervisor::run(&JobDirectory::at(directory))?),
    }
}
