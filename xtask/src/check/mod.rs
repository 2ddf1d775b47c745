//! `check`: the rules of the repository that no compiler knows.

mod arrows;
mod ids;
mod registries;
mod sizes;
mod versions;

use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand};

use crate::{
    mutants, process,
    programs::{SHELVES, manifest::Manifest},
    workspace::Workspace,
};

/// Checks every rule and reports all violations at once.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let metadata = MetadataCommand::new()
        .current_dir(workspace.root())
        .no_deps()
        .exec()
        .context("asking cargo for the workspace's packages")?;

    let mut violations = arrows::violations(&members(&metadata));
    for package in &metadata.packages {
        violations.extend(versions::violations(
            package.manifest_path.as_std_path(),
            workspace.root(),
        )?);
    }
    violations.extend(sizes::violations(workspace.root(), &tracked_sources(workspace)?)?);
    violations.extend(ids::violations(workspace)?);
    violations.extend(registries::violations(workspace.root())?);
    violations.extend(committed_programs(workspace)?);
    violations.extend(mutants::violations(workspace)?);

    if violations.is_empty() {
        println!(
            "check: arrows, versions, lock files, file sizes, program ids, committed programs and mutants are in order"
        );
        return Ok(());
    }
    for violation in &violations {
        eprintln!("check: {violation}");
    }
    bail!("{} violations of the repository's rules", violations.len())
}

fn members(metadata: &Metadata) -> Vec<arrows::Member> {
    let member = |package: &cargo_metadata::Package| arrows::Member {
        name: package.name.to_string(),
        // Normal, development and build dependencies alike.
        uses: package
            .dependencies
            .iter()
            .filter(|used| used.path.is_some())
            .map(|used| used.name.clone())
            .collect(),
    };
    metadata.packages.iter().map(member).collect()
}

fn tracked_sources(workspace: &Workspace) -> Result<Vec<String>> {
    let listing = process::output(
        Command::new("git")
            .arg("-C")
            .arg(workspace.root())
            .args(["ls-files", "-z", "--cached", "--", "*.rs", "*.ts", "*.mjs"]),
    )?;
    Ok(listing.split_terminator('\0').map(str::to_owned).collect())
}

fn committed_programs(workspace: &Workspace) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for shelf in SHELVES {
        let names = workspace.programs_below(shelf.sources)?;
        match Manifest::read(&workspace.path(shelf.committed)) {
            Ok(manifest) => found.extend(manifest.differences(workspace.root(), shelf.committed, &names)),
            Err(error) => found.push(format!("{error:#}")),
        }
    }
    Ok(found)
}
