//! `build-programs`: the on-chain programs as bytecode, in `target/deploy` and, for machines without a toolchain for
//! them, in `programs/bin`; and the programs that test the toolchain, in `tests/programs/bin` alone.

mod build;
pub(crate) mod link;
mod lower;
pub(crate) mod manifest;
mod toolchain;

use std::{collections::BTreeMap, fs, time::Instant};

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use manifest::{Manifest, Program};
use toolchain::Toolchain;

/// Folder of the committed programs that are deployed.
pub(crate) const COMMITTED: &str = DEPLOYED.committed;

/// Programs of one kind: where their sources are, and where their bytecode is committed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shelf {
    /// The folder with a folder of each program.
    pub(crate) sources: &'static str,
    /// The folder with each program's bytecode and the manifest.
    pub(crate) committed: &'static str,
}

/// The programs of the network.
const DEPLOYED: Shelf = Shelf {
    sources: "programs",
    committed: "programs/bin",
};

/// Every kind: the programs of the network, and those that test the toolchain.
pub(crate) const SHELVES: [Shelf; 2] = [
    DEPLOYED,
    Shelf {
        sources: "tests/programs",
        committed: "tests/programs/bin",
    },
];

/// Builds every program and puts it in place, or with `check` compares it with the committed one.
pub(crate) fn build_programs(workspace: &Workspace, check: bool) -> Result<()> {
    if !check {
        return SHELVES.iter().try_for_each(|shelf| rebuild(workspace, shelf));
    }
    let mut differences = Vec::new();
    for shelf in &SHELVES {
        differences.extend(compare(workspace, shelf)?);
    }
    if !differences.is_empty() {
        bail!(
            "the committed programs are out of date: run `./dev programs`\n  {}",
            differences.join("\n  ")
        );
    }
    Ok(())
}

/// The bytecode of one deployed program, as the sources of this workspace give it.
pub(crate) fn build_one(workspace: &Workspace, program: &str) -> Result<Vec<u8>> {
    build::build(workspace, Toolchain::ready()?, DEPLOYED.sources, program)
}

fn rebuild(workspace: &Workspace, shelf: &Shelf) -> Result<()> {
    let toolchain = Toolchain::ready()?;
    let mut folders = vec![workspace.path(shelf.committed)];
    if shelf.sources == DEPLOYED.sources {
        folders.push(workspace.path("target/deploy"));
    }
    let mut programs = BTreeMap::new();
    for name in workspace.programs_below(shelf.sources)? {
        let bytes = timed_build(workspace, toolchain, shelf, &name)?;
        for folder in &folders {
            fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
            let path = folder.join(format!("{name}.so"));
            fs::write(&path, &bytes).with_context(|| format!("writing {}", path.display()))?;
        }
        programs.insert(name, Program::of(&bytes));
    }
    let manifest = Manifest {
        toolchain: toolchain.versions()?,
        anchor_lang: anchor_lang_version(workspace)?,
        programs,
    };
    manifest.write(&workspace.path(shelf.committed))
}

fn compare(workspace: &Workspace, shelf: &Shelf) -> Result<Vec<String>> {
    let (names, committed) = (workspace.programs_below(shelf.sources)?, shelf.committed);
    let manifest = Manifest::read(&workspace.path(committed))?;
    let mut differences = manifest.differences(workspace.root(), committed, &names);
    let anchor_lang = anchor_lang_version(workspace)?;
    if manifest.anchor_lang != anchor_lang {
        differences.push(format!(
            "built with anchor-lang {}, Cargo.toml says {anchor_lang}",
            manifest.anchor_lang
        ));
    }

    let installed = Toolchain::all_installed()?;
    let recorded = installed.iter().find(|(_, versions)| *versions == manifest.toolchain);
    let Some((toolchain, _)) = recorded else {
        println!(
            "build-programs: {committed} was built with {:?}, here are {:?}: compared the files with their manifest only",
            manifest.toolchain,
            installed.iter().map(|(_, versions)| versions).collect::<Vec<_>>()
        );
        return Ok(differences);
    };
    for name in names {
        let built = Program::of(&timed_build(workspace, *toolchain, shelf, &name)?);
        if manifest.programs.get(&name).is_some_and(|recorded| *recorded != built) {
            differences.push(format!(
                "the sources of {name} give other bytes than {committed}/{name}.so"
            ));
        }
    }
    Ok(differences)
}

fn timed_build(workspace: &Workspace, toolchain: Toolchain, shelf: &Shelf, name: &str) -> Result<Vec<u8>> {
    let started = Instant::now();
    let bytes = build::build(workspace, toolchain, shelf.sources, name)
        .with_context(|| format!("building the program {name}"))?;
    println!(
        "build-programs: {name}.so, {} bytes, {:.1} s",
        bytes.len(),
        started.elapsed().as_secs_f64()
    );
    Ok(bytes)
}

/// The exact version that the workspace asks for: a later one needs the programs rebuilt.
fn anchor_lang_version(workspace: &Workspace) -> Result<String> {
    let path = workspace.path("Cargo.toml");
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let table: toml::Table = text.parse().with_context(|| format!("parsing {}", path.display()))?;
    let version = ["workspace", "dependencies", "anchor-lang"]
        .iter()
        .try_fold(&toml::Value::Table(table), |value, key| value.get(key))
        .and_then(toml::Value::as_str)
        .map(|version| version.trim_start_matches('=').to_owned());
    version.context("Cargo.toml gives anchor-lang no version among the workspace's dependencies")
}
