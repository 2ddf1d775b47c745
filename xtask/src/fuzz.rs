//! `fuzz`: random instructions against the programs' bytecode.

use std::{ffi::OsString, process::Command};

use anyhow::Result;

use crate::{process, workspace::Workspace};

/// Runs the fuzzer with these arguments.
pub(crate) fn fuzz(workspace: &Workspace, args: &[OsString]) -> Result<()> {
    // Without `--package`, so that the features are those of the whole workspace.
    let run = ["run", "--quiet", "--locked", "--bin", "gantry-fuzz", "--"];
    process::run(Command::new("cargo").args(run).args(args).current_dir(workspace.root()))
}
