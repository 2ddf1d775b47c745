//! Measures the compute units of every instruction on the committed bytecode and writes `target/report/cu.json`.
//!
//! An instruction that looks for an address takes more or fewer steps, depending on the keys; each figure is the median over
//! several worlds with other keys. The keys are the same in every run, and so are the figures.

mod failover;
mod orders;
mod tour;
mod withdrawals;

use std::{collections::BTreeMap, fs, path::PathBuf};

use anyhow::{Context, Result};

/// Worlds to measure in; odd, so that there is a median.
const WORLDS: usize = 9;
/// Where the figures go, below the repository's root.
const REPORT: &str = "target/report/cu.json";

fn main() -> Result<()> {
    let mut samples: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for _ in 0..WORLDS {
        for (name, units) in tour::units_of_every_instruction() {
            samples.entry(name).or_default().push(units);
        }
    }
    // Behind them, so that the worlds before keep their keys and figures whatever is measured here.
    for _ in 0..WORLDS {
        let sweep = tour::units_of_a_sweep();
        let rest = withdrawals::units_of_withdrawals();
        for (name, units) in rest.into_iter().chain([sweep, withdrawals::units_of_a_sample()]) {
            samples.entry(name).or_default().push(units);
        }
    }
    for _ in 0..WORLDS {
        for (name, units) in orders::units_of_orders() {
            samples.entry(name).or_default().push(units);
        }
        let (name, units) = failover::units();
        samples.entry(name).or_default().push(units);
    }
    let figures: BTreeMap<_, _> = samples.into_iter().map(|(name, units)| (name, median(units))).collect();
    for (name, units) in &figures {
        println!("{name} {units}");
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(REPORT);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    fs::write(&path, serde_json::to_string_pretty(&figures)? + "\n")
        .with_context(|| format!("writing {}", path.display()))
}

fn median(mut units: Vec<u64>) -> u64 {
    units.sort_unstable();
    units[units.len() / 2]
}
