//! `build-programs`: the on-chain programs as bytecode, in `target/deploy` and, for machines without a toolchain for
//! them, in `programs/bin`.

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

/// Folder of the committed programs.
pub(crate) const COMMITTED: &str = "programs/bin";

/// Builds every program and puts it in place, or with `check` compares it with the committed one.
pub(crate) fn build_programs(workspace: &Workspace, check: bool) -> Result<()> {
    if check { compare(workspace) } else { rebuild(workspace) }
}

fn rebuild(workspace: &Workspace) -> Result<()> {
    let toolchain = Toolchain::ready()?;
    let folders = [workspace.path("target/deploy"), workspace.path(COMMITTED)];
    let mut programs = BTreeMap::new();
    for name in workspace.programs()? {
        let bytes = timed_build(workspace, toolchain, &name)?;
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
    manifest.write(&workspace.path(COMMITTED))
}

fn compare(workspace: &Workspace) -> Result<()> {
    let names = workspace.programs()?;
    let folder = workspace.path(COMMITTED);
    let manifest = Manifest::read(&folder)?;
    let mut differences = manifest.differences(&folder, &names);
    let anchor_lang = anchor_lang_version(workspace)?;
    if manifest.anchor_lang != anchor_lang {
        differences.push(format!(
            "built with anchor-lang {}, Cargo.toml says {anchor_lang}",
            manifest.anchor_lang
        ));
    }

    match Toolchain::installed().map(|toolchain| Ok::<_, anyhow::Error>((toolchain, toolchain.versions()?))) {
        None => println!("build-programs: no toolchain for programs here: compared the files with their manifest only"),
        Some(Err(error)) => return Err(error),
        Some(Ok((_, versions))) if versions != manifest.toolchain => println!(
            "build-programs: the committed programs were built with {:?}, here are {versions:?}: compared the files \
             with their manifest only",
            manifest.toolchain
        ),
        Some(Ok((toolchain, _))) => {
            for name in names {
                let built = Program::of(&timed_build(workspace, toolchain, &name)?);
                if manifest.programs.get(&name).is_some_and(|recorded| *recorded != built) {
                    differences.push(format!(
                        "the sources of {name} give other bytes than {COMMITTED}/{name}.so"
                    ));
                }
            }
        }
    }
    if !differences.is_empty() {
        bail!(
            "the committed programs are out of date: run `./dev programs`\n  {}",
            differences.join("\n  ")
        );
    }
    Ok(())
}

fn timed_build(workspace: &Workspace, toolchain: Toolchain, name: &str) -> Result<Vec<u8>> {
    let started = Instant::now();
    let bytes = build::build(workspace, toolchain, name).with_context(|| format!("building the program {name}"))?;
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
