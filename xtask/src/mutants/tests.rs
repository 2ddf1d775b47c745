//! The test binaries that try a program's bytecode. They are compiled once: which programs they load, an environment variable says.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::Message;

use crate::workspace::Workspace;

/// The tests that run on bytecode, in the order of trying: the fuzzer's short run notices most, and soonest.
const TESTS: [&str; 4] = ["short", "market", "staking", "matrix"];
/// Tells the tests where the programs are.
const PROGRAMS: &str = "GANTRY_PROGRAMS";

/// One compiled test binary.
#[derive(Debug)]
pub(crate) struct TestBinary {
    /// The test's name.
    pub(crate) name: String,
    path: PathBuf,
}

/// Compiles the tests, or only those that are asked for.
pub(crate) fn build(workspace: &Workspace, only: &[String]) -> Result<Vec<TestBinary>> {
    let is_wanted = |test: &&str| only.is_empty() || only.iter().any(|name| name == test);
    let tests: Vec<_> = TESTS.into_iter().filter(is_wanted).collect();
    ensure!(!tests.is_empty(), "the tests are {TESTS:?}");
    let mut cargo = Command::new("cargo");
    cargo.args([
        "test",
        "--workspace",
        "--locked",
        "--quiet",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ]);
    for test in &tests {
        cargo.args(["--test", test]);
    }
    let output = cargo
        .current_dir(workspace.root())
        .stderr(Stdio::inherit())
        .output()
        .context("starting cargo test")?;
    ensure!(output.status.success(), "the tests do not compile");
    let mut found = Vec::new();
    for message in Message::parse_stream(&output.stdout[..]) {
        if let Message::CompilerArtifact(artifact) = message.context("reading what cargo built")?
            && let Some(path) = artifact.executable
            && tests.contains(&artifact.target.name.as_str())
        {
            found.push(TestBinary {
                name: artifact.target.name,
                path: path.into_std_path_buf(),
            });
        }
    }
    found.sort_by_key(|binary| tests.iter().position(|name| *name == binary.name));
    ensure!(found.len() == tests.len(), "cargo built only {found:?}");
    Ok(found)
}

impl TestBinary {
    /// The tests that fail with these programs; `None` when all pass.
    pub(crate) fn failures(&self, programs: &Path) -> Result<Option<Vec<String>>> {
        let output = Command::new(&self.path)
            .env(PROGRAMS, programs)
            .stdin(Stdio::null())
            .output()
            .with_context(|| format!("starting {}", self.path.display()))?;
        if output.status.success() {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let failed = failed_tests(&text);
        if failed.is_empty() {
            bail!(
                "{} ended with {} without a failed test:\n{text}",
                self.name,
                output.status
            );
        }
        Ok(Some(failed))
    }
}

/// The names of failed tests in the listing of Rust's test harness.
fn failed_tests(listing: &str) -> Vec<String> {
    let lines = listing
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED"));
    lines.map(str::to_owned).collect()
}

#[cfg(test)]
mod unit_tests {
    use super::failed_tests;

    #[test]
    fn failed_tests_are_read_from_the_listing() {
        let listing = "running 2 tests\ntest a::passes ... ok\ntest a::fails ... FAILED\n\nfailures:\n";
        assert_eq!(failed_tests(listing), ["a::fails"]);
    }
}
