//! Starts a whole Gantry network on this machine and stops it again.

mod up;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

/// A Gantry network on one machine: a local Solana chain, Postgres, the indexer, agents with simulated GPUs, a tenant.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything and keep it running until Ctrl-C
    Up(up::Options),
    /// Wait for the end of standard input, then end the processes of a run
    #[command(hide = true)]
    WatchOver {
        /// The run's directory
        run: PathBuf,
    },
}

fn main() -> ExitCode {
    // The virtual machine logs each transaction that it refuses, which its sender is told anyway.
    let filter = EnvFilter::try_from_env("GANTRY_LOG").unwrap_or_else(|_| EnvFilter::new("warn,litesvm=off"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let options = match Arguments::parse().command {
        Command::Up(options) => options,
        Command::WatchOver { run } => {
            up::watch_over(&run);
            return ExitCode::SUCCESS;
        }
    };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(up::up(&options)).unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    });
    // The embedded chain keeps threads that wait for connections; nothing is left that they could lose.
    runtime.shutdown_background();
    code
}
