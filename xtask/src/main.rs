//! The repository's own tools. `./dev help` lists what people run; `cargo xtask help` lists these.

mod bench;
mod check;
mod fuzz;
mod idl;
mod mutants;
mod process;
mod programs;
mod queries;
mod simulate;
mod typescript;
mod workspace;

use std::{ffi::OsString, process::ExitCode};

use anyhow::Result;
use clap::{Parser, Subcommand};

use workspace::Workspace;

/// The repository's own tools.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compile the on-chain programs into target/deploy and programs/bin.
    BuildPrograms {
        /// Change nothing; fail if the committed programs are not what the sources give.
        #[arg(long)]
        check: bool,
    },
    /// Write the programs' interfaces into idl/.
    Idl {
        /// Change nothing; fail if the committed interfaces are not what the programs give.
        #[arg(long)]
        check: bool,
    },
    /// Generate the TypeScript client from idl/, type-check it, and compile it into clients/ts/dist.
    Ts,
    /// Keep in .sqlx what Postgres says about the indexer's queries.
    SqlxPrepare {
        /// Change nothing; fail if what is kept does not match the queries and migrations.
        #[arg(long)]
        check: bool,
    },
    /// Measure, and compare with the committed ceilings.
    Bench {
        #[command(subcommand)]
        what: bench::Bench,
    },
    /// Send random instructions to the programs' bytecode and compare it with a model after each: `--steps`, `--seed`, `--replay`.
    Fuzz {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
    /// Plant each bug of fuzz/mutants.toml into a copy of the sources, and see whether a test notices.
    Mutants(mutants::Options),
    /// Compute what it costs to look good, with the protocol's own functions.
    Simulate {
        #[command(subcommand)]
        what: simulate::Simulate,
    },
    /// Check the repository's own rules: arrows, versions, sizes, ids, committed programs.
    Check,
    /// Link one on-chain program; rustc runs this during build-programs.
    #[command(hide = true)]
    LinkProgram {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The chain of causes says what to do; a backtrace of this tool would bury it.
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::BuildPrograms { check } => programs::build_programs(&Workspace::locate()?, check),
        Command::Idl { check } => idl::idl(&Workspace::locate()?, check),
        Command::Ts => typescript::typescript(&Workspace::locate()?),
        Command::SqlxPrepare { check } => queries::prepare(&Workspace::locate()?, check),
        Command::Bench { what } => bench::bench(&Workspace::locate()?, what),
        Command::Fuzz { args } => fuzz::fuzz(&Workspace::locate()?, &args),
        Command::Mutants(options) => mutants::mutants(&Workspace::locate()?, &options),
        Command::Simulate { what } => what.run(),
        Command::Check => check::check(&Workspace::locate()?),
        Command::LinkProgram { args } => programs::link::link(&args),
    }
}
