//! `bench`: figures, each beside the limit that was committed for it.

mod ceilings;

use std::{
    collections::BTreeMap,
    fs,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use crate::{process, programs::COMMITTED, workspace::Workspace};

/// What the measurement writes, below the checkout.
const REPORT: &str = "target/report/cu.json";

/// The committed limits.
const CEILINGS: &str = "benches/cu-ceilings.json";

/// What can be measured.
#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum Bench {
    /// Compute units of each instruction and the programs' sizes.
    Cu,
}

/// Measures, prints a table, and fails when a ceiling is passed.
pub(crate) fn bench(workspace: &Workspace, what: Bench) -> Result<()> {
    match what {
        Bench::Cu => compute_units(workspace),
    }
}

fn compute_units(workspace: &Workspace) -> Result<()> {
    let report = workspace.path(REPORT);
    // An old report must not pass for a new one.
    if report.exists() {
        fs::remove_file(&report).with_context(|| format!("removing {}", report.display()))?;
    }
    // Without `--package`, so that the features are those of the whole workspace.
    let measure = ["run", "--quiet", "--locked", "--bin", "bench-cu"];
    // Its own listing is the table below without the ceilings.
    process::run(
        Command::new("cargo")
            .args(measure)
            .current_dir(workspace.root())
            .stdout(Stdio::null()),
    )?;

    let text = fs::read_to_string(&report).with_context(|| format!("bench-cu wrote no {}", report.display()))?;
    let mut measured: BTreeMap<String, u64> =
        serde_json::from_str(&text).with_context(|| format!("parsing {}", report.display()))?;
    for program in workspace.programs()? {
        let path = workspace.path(&format!("{COMMITTED}/{program}.so"));
        let size_bytes = fs::metadata(&path)
            .with_context(|| format!("reading {}", path.display()))?
            .len();
        measured.insert(format!("size.{program}"), size_bytes);
    }
    fs::write(&report, serde_json::to_string_pretty(&measured)? + "\n")
        .with_context(|| format!("writing {}", report.display()))?;

    let path = workspace.path(CEILINGS);
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let ceilings = serde_json::from_str(&text).with_context(|| format!("parsing {}", path.display()))?;
    print!("{}", ceilings::table(&measured, &ceilings));
    let passed = ceilings::passed(&measured, &ceilings);
    if !passed.is_empty() {
        bail!(
            "{}\nMake it cheaper, or raise the ceiling in {CEILINGS} and say why",
            passed.join("\n")
        );
    }
    Ok(())
}
