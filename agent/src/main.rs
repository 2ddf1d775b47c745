//! `gantry-agent`: what a provider leaves running beside its GPUs.
#![deny(clippy::unwrap_used)]

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use gantry_agent::{
    clock::SystemClock,
    config::{Config, SimulatedGpu},
    exit, gpu,
    probe::Probe,
    run::{self, Consent},
    runtime::{directory::JobDirectory, supervisor},
    selftest, status,
};
use gantry_sdk::Pubkey;
use std::{io::IsTerminal, path::PathBuf, process::ExitCode, time::Duration};
use tracing_subscriber::EnvFilter;

/// Threads of the agent: one to answer while the other signs.
const WORKER_THREADS: usize = 2;
/// Threads for disk and driver calls.
const BLOCKING_THREADS: usize = 8;

#[derive(Parser)]
#[command(version, about = "Offers this machine's GPUs on the Gantry network")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Offers the GPUs until it is told to stop.
    Run {
        /// The configuration, in TOML.
        #[arg(long)]
        config: PathBuf,
        /// Offer simulated GPUs instead of real ones; the network shows them as such.
        #[arg(long)]
        simulate_gpu: bool,
        /// Make this agent's attestation key the provider's, in place of the one on chain.
        #[arg(long)]
        rotate_attestation_key: bool,
        /// Go on with a receipt log that was copied or restored. The jobs in it are given up: settled up to the last receipt that
        /// both sides signed, and closed.
        #[arg(long)]
        accept_restored_log: bool,
        /// Only check the configuration.
        #[arg(long)]
        check: bool,
    },
    /// Shows which GPUs are here.
    Probe {
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Checks whether this machine can run workloads, and says what it could not check.
    Selftest,
    /// Shows how a running agent is.
    Status {
        /// The agent's configuration.
        #[arg(long)]
        config: PathBuf,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Announces to tenants when their jobs end here: at least ten minutes ahead. An announced exit can be moved later, never nearer.
    Exit {
        /// The agent's configuration.
        #[arg(long)]
        config: PathBuf,
        /// A job's address; can be given several times.
        #[arg(long = "job", value_name = "ADDRESS", required_unless_present = "all")]
        jobs: Vec<Pubkey>,
        /// All jobs that this agent serves.
        #[arg(long, conflicts_with = "jobs")]
        all: bool,
        /// How long from now, such as 15m or 2h.
        #[arg(long, value_name = "DURATION", default_value = "15m", value_parser = exit::notice)]
        after: Duration,
    },
    /// Runs one job's workload; started by the agent itself.
    #[command(hide = true)]
    Supervise {
        /// The job's directory.
        directory: PathBuf,
    },
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("gantry-agent: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(command: Command) -> Result<ExitCode> {
    match command {
        Command::Run {
            config,
            simulate_gpu,
            rotate_attestation_key,
            accept_restored_log,
            check,
        } => {
            let mut config = Config::load(&config)?;
            if simulate_gpu {
                config.simulated_gpu.get_or_insert(SimulatedGpu::default());
            }
            if check {
                println!("The configuration has no mistakes.");
                return Ok(ExitCode::SUCCESS);
            }
            start_log();
            let consent = Consent {
                rotate_attestation_key,
                accept_restored_log,
            };
            threads()?.block_on(run::run(config, consent))?;
        }
        Command::Probe { json } => {
            let probe = Probe::of(gpu::open(None)?.as_ref())?;
            if json {
                println!("{:#}", probe.json());
            } else {
                print!("{}", probe.table());
            }
        }
        Command::Selftest => {
            let report = threads()?.block_on(selftest::run())?;
            print!("{report}");
            return Ok(if report.passed() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            });
        }
        Command::Status { config, json } => {
            let config = Config::load(&config)?;
            let directory = &config.data_dir;
            let status =
                status::read(directory).with_context(|| format!("no agent has run in {} yet", directory.display()))?;
            if json {
                println!("{}", serde_json::to_string_pretty(&status)?);
            } else {
                print!("{}", status::show(&status, &SystemClock::new()));
            }
        }
        Command::Exit {
            config,
            jobs,
            all,
            after,
        } => {
            let config = Config::load(&config)?;
            let wanted = if all {
                exit::Wanted::All
            } else {
                exit::Wanted::These(jobs)
            };
            let (told, failed) = threads()?.block_on(exit::announce(&config, &wanted, after))?;
            print!("{told}");
            if failed {
                return Ok(ExitCode::FAILURE);
            }
        }
        // Without threads: it enters namespaces of its own.
        Command::Supervise { directory } => supervisor::run(&JobDirectory::at(directory))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn start_log() {
    let filter = EnvFilter::try_from_env("GANTRY_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    // Colours are for terminals; in a file they are noise.
    let ansi = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    log.with_ansi(ansi).with_target(false).init();
}

fn threads() -> Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build();
    runtime.context("cannot start threads")
}
