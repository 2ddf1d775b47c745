//! `gantry-indexer`: see `gantry-indexer --help`.

use std::process::ExitCode;

use clap::Parser as _;
use gantry_indexer::{config::Config, service, telemetry};

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::install_logs();
    match service::run(Config::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes says what to do; a backtrace would bury it.
            eprintln!("gantry-indexer: {error:#}");
            ExitCode::FAILURE
        }
    }
}
