//! What `up` can be told.

use std::{path::PathBuf, time::Duration};

use clap::Args;

/// Options of `gantry-sandbox up`.
#[derive(Args, Clone, Debug)]
pub(crate) struct Options {
    /// Run the demonstration, leave picture, bill and verification in --demo-dir, and exit
    #[arg(long)]
    pub(crate) once: bool,

    /// Where keys, logs and the database live
    #[arg(long, value_name = "DIR", default_value = "target/sandbox")]
    pub(crate) data_dir: PathBuf,

    /// Where the demonstration leaves its results
    #[arg(long, value_name = "DIR", default_value = "target/demo")]
    pub(crate) demo_dir: PathBuf,

    /// How many agents to start, each with its own price
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(0..=16))]
    pub(crate) agents: u16,

    /// Start no agents; the same as --agents 0
    #[arg(long, conflicts_with_all = ["agents", "once"])]
    pub(crate) no_agents: bool,

    /// Leave a process that ends down, instead of starting it again
    #[arg(long)]
    pub(crate) no_restart: bool,

    /// Seconds between an agent's settlements
    #[arg(long, value_name = "S", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) settle_every_s: u64,

    /// Milliseconds between receipts
    #[arg(long, value_name = "MS", default_value_t = 1_000, value_parser = clap::value_parser!(u64).range(100..=60_000))]
    pub(crate) receipt_every_ms: u64,

    /// Seconds that a provider has after a job's end to settle its last receipts
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u32).range(5..=3_600))]
    pub(crate) grace_window_s: u32,

    /// Seconds within which a job must be started
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(crate) start_deadline_s: u32,

    /// Where the compiled programs are; `programs/bin` of the repository unless given
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,

    /// Write a JSON description of everything to this file once everything is ready, and again when a process changes
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,

    /// A Postgres server to use instead of a private one; a database of its own is created there
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

impl Options {
    /// How many agents to start.
    pub(crate) fn agent_count(&self) -> u16 {
        if self.no_agents { 0 } else { self.agents }
    }
}

/// Longest that any single part may take to become ready.
pub(crate) const READY_PATIENCE: Duration = Duration::from_secs(60);
