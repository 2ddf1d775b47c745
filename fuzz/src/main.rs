//! Fuzzes the programs' bytecode: `cargo xtask fuzz`.

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};
use clap::Parser;
use gantry_fuzz::{
    action::Action,
    book::Book,
    run::{self, Failure, Plan, Report, World},
};

/// Random instructions against the programs' bytecode, compared with a model after every step.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fuzz")]
struct Cli {
    /// Steps in all.
    #[arg(long, default_value_t = 100_000)]
    steps: u64,
    /// Decides everything.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Replay a failure that an earlier run wrote, with the programs' logs.
    #[arg(long, conflicts_with = "steps")]
    replay: Option<PathBuf>,
}

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    if let Some(path) = cli.replay {
        return replay(&path);
    }
    let plan = Plan {
        steps: cli.steps,
        seed: cli.seed,
    };
    let mut reported = 0;
    let outcome = run::run(plan, |report| {
        if report.steps - reported >= 50_000 {
            reported = report.steps;
            println!("fuzz: {} steps, {:.0}/s", report.steps, per_second(report));
        }
    });
    match outcome {
        Ok(report) => {
            print(&report, plan.seed);
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            tell(&failure, plan.seed)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

#[allow(clippy::cast_precision_loss)] // For people.
fn per_second(report: &Report) -> f64 {
    report.steps as f64 / report.time.as_secs_f64()
}

fn print(report: &Report, seed: u64) {
    println!("{:<20} {:>10} {:>10}", "action", "accepted", "refused");
    for (name, (accepted, refused)) in &report.actions {
        println!("{name:<20} {accepted:>10} {refused:>10}");
    }
    println!("\n{:<50} {:>10}", "refusal", "times");
    for (refusal, times) in &report.refusals {
        println!("{refusal:<50} {times:>10}");
    }
    println!(
        "\nfuzz: {} steps with seed {seed} in {:.1} s, of which the chain took {:.1} s: {:.0} steps/s; a trivial transfer on the same chain: \
         {:.0}/s",
        report.steps,
        report.time.as_secs_f64(),
        report.sending.as_secs_f64(),
        per_second(report),
        report.idle_per_second
    );
}

/// Prints a failure and writes it where it can be replayed from.
fn tell(failure: &Failure, seed: u64) -> Result<()> {
    let mut lines = String::new();
    for action in &failure.actions {
        lines += &serde_json::to_string(action)?;
        lines += "\n";
    }
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/fuzz");
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let path = folder.join(format!("failure-{seed}.jsonl"));
    fs::write(&path, &lines).with_context(|| format!("writing {}", path.display()))?;
    println!("{lines}");
    println!(
        "fuzz: failed with seed {seed} in episode {}, step {}; these {} actions behind the prologue are enough:\n{}",
        failure.episode,
        failure.step,
        failure.actions.len(),
        failure.what
    );
    println!("replay it: cargo xtask fuzz --replay {}", path.display());
    Ok(())
}

fn replay(path: &PathBuf) -> Result<ExitCode> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let actions: Vec<Action> = text
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()
        .with_context(|| format!("reading {}: one action in JSON per line", path.display()))?;
    let book = Book::default();
    let beginning = match World::new(&book) {
        Ok(beginning) => beginning,
        Err(what) => bail!("the prologue: {what}"),
    };
    match run::replay(&book, &beginning, &actions) {
        Ok(()) => {
            println!("fuzz: {} actions, and nothing went wrong", actions.len());
            Ok(ExitCode::SUCCESS)
        }
        Err((index, what)) => {
            println!("fuzz: action {index} failed: {:?}\n{what}", actions[index]);
            Ok(ExitCode::FAILURE)
        }
    }
}
