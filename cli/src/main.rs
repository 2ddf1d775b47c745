//! `gantry`: rent GPUs, offer them, and check every bill.
//!
//! Purpose: parse what a person asks for, call the SDK, print the answer.
//!
//! Invariant: nothing that the indexer says moves money before the chain has confirmed it.
#![deny(clippy::unwrap_used)]

mod agent;
mod amount;
mod archive;
mod arguments;
mod bill;
mod commands;
mod context;
mod failure;
mod indexer;
mod job;
mod keypair;
mod mint;
mod output;
mod period;
mod progress;
mod record;
mod state;
mod table;
mod token;
mod transact;

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use anyhow::Result;
use clap::{CommandFactory, Parser};
use serde_json::Value;
use tracing_subscriber::EnvFilter;

use self::{
    arguments::{Command, CommandLine},
    context::Context,
};

fn main() -> ExitCode {
    let line = match CommandLine::try_parse() {
        Ok(line) => line,
        Err(error) => return explain(&error),
    };
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_env("GANTRY_LOG").unwrap_or_else(|_| EnvFilter::new("off")))
        .with_writer(io::stderr)
        .init();
    let json = line.global.json;
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&anyhow::Error::new(error).context("cannot start"), json),
    };
    match runtime.block_on(dispatch(line)) {
        Ok(code) => code,
        Err(error) if failure::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => failed(&error, json),
    }
}

async fn dispatch(line: CommandLine) -> Result<ExitCode> {
    let context = Context::new(line.global)?;
    match line.command {
        Command::Run(arguments) => return commands::run::run(&context, *arguments).await,
        Command::Resume(arguments) => return commands::resume::run(&context, &arguments).await,
        Command::Logs(arguments) => commands::logs::run(&context, &arguments).await?,
        Command::Extend(arguments) => commands::extend::run(&context, &arguments).await?,
        Command::RotateKey(arguments) => commands::rotate_key::run(&context, &arguments).await?,
        Command::Stop(arguments) => return commands::stop::run(&context, &arguments).await,
        Command::Balance(command) => commands::balance::run(&context, command).await?,
        Command::Fees(command) => commands::fees::run(&context, command).await?,
        Command::Stake(command) => commands::stake::run(&context, command).await?,
        Command::Delegation(command) => commands::delegation::run(&context, command).await?,
        Command::Tenant(command) => commands::tenant::run(&context, command).await?,
        Command::Provider(command) => commands::provider::run(&context, command).await?,
        Command::Node(command) => commands::node::run(&context, command).await?,
        Command::Device(command) => commands::device::run(&context, command).await?,
        Command::Market(command) => commands::market::run(&context, command).await?,
        Command::Ps => commands::ps::run(&context).await?,
        Command::Bill(arguments) => commands::bill::run(&context, &arguments).await?,
        Command::Verify(arguments) => return commands::verify::run(&context, &arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints what clap has to say: the help that was asked for, or what is wrong with the command line.
fn explain(error: &clap::Error) -> ExitCode {
    // Nobody who reads is no reason for another exit code.
    let _ = if env::args_os().len() <= 1 {
        write!(io::stderr(), "{}", CommandLine::command().render_help())
    } else {
        error.print()
    };
    let wants_json = env::args_os()
        .take_while(|argument| argument != "--")
        .any(|argument| argument == "--json");
    if error.use_stderr() && wants_json {
        let message = error.to_string();
        print(&failure::object(
            "usage",
            message.lines().next().unwrap_or_default(),
            None,
        ));
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// Says what failed and what to do: on standard error for people, with --json also as the object that machines wait for.
fn failed(error: &anyhow::Error, json: bool) -> ExitCode {
    let ((code, kind), message) = (failure::kind(error), failure::in_words(error));
    let _ = writeln!(io::stderr(), "gantry: {message}");
    if let Some(advice) = failure::advice(error) {
        let _ = writeln!(io::stderr(), "{advice}");
    }
    if json {
        print(&failure::object(kind, &message, failure::job_of(error)));
    }
    ExitCode::from(code)
}

fn print(object: &Value) {
    // Nobody who reads is no reason for another exit code.
    let _ = writeln!(io::stdout(), "{object}");
}
