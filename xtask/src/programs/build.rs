//! Compiles one program to bytecode.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::{
    link,
    toolchain::{Toolchain, llvm_dir},
};
use crate::{process, workspace::Workspace};

/// Settings of the caller's environment that would change the bytes or the compiler.
const FOREIGN_SETTINGS: [&str; 6] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_INCREMENTAL",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
];

/// Returns the bytecode of one program, whose sources lie in a folder of its name below `sources`.
pub(crate) fn build(workspace: &Workspace, toolchain: Toolchain, sources: &str, program: &str) -> Result<Vec<u8>> {
    let built = match toolchain {
        Toolchain::PlatformTools => with_platform_tools(workspace, sources, program)?,
        Toolchain::Debian => with_debian(workspace, program)?,
    };
    let bytes = fs::read(&built).with_context(|| format!("reading {}", built.display()))?;
    ensure!(
        bytes.starts_with(b"\x7fELF"),
        "{} is no program: the linker left something else there",
        built.display()
    );
    Ok(bytes)
}

fn with_platform_tools(workspace: &Workspace, sources: &str, program: &str) -> Result<PathBuf> {
    let out = workspace.target_dir("sbf/platform-tools");
    let mut cargo = Command::new("cargo");
    cargo
        .arg("build-sbf")
        .arg("--manifest-path")
        .arg(workspace.path(&format!("{sources}/{program}/Cargo.toml")));
    process::run(cargo.arg("--sbf-out-dir").arg(&out).arg("--").arg("--locked"))?;
    Ok(out.join(format!("{program}.so")))
}

fn with_debian(workspace: &Workspace, program: &str) -> Result<PathBuf> {
    let target = workspace.target_dir("sbf");
    let release = target.join("target-spec/release");
    forget_last_build(&release, program)?;

    let recipe = workspace.path("xtask/sbf");
    let mut cargo = Command::new("cargo");
    for (name, _) in env::vars_os() {
        let setting = name.to_string_lossy();
        if FOREIGN_SETTINGS.contains(&&*setting) || setting.starts_with("CARGO_PROFILE_") {
            cargo.env_remove(&name);
        }
    }
    cargo
        .current_dir(workspace.root())
        .env("RUSTC", "/usr/bin/rustc")
        // Debian's rustc is a stable one; build-std and the target file are unstable features.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTC_BOOTSTRAP_SYNTHETIC_TARGET", "1")
        .env("CARGO_TARGET_TARGET_SPEC_LINKER", recipe.join("linker"))
        .env(
            "GANTRY_XTASK",
            env::current_exe().context("finding this command's own path")?,
        )
        .env(link::PROGRAM, program)
        .env(link::LLVM_DIR, llvm_dir(&target)?)
        .args(["rustc", "--quiet", "--release", "--locked", "--package", program])
        // A crate that is also a `lib` gets no link-time optimisation otherwise.
        .args(["--crate-type", "cdylib"])
        .arg("--config")
        .arg(recipe.join("cargo-config.toml"))
        .arg("--target")
        .arg(recipe.join("target-spec.json"))
        .arg("--target-dir")
        .arg(&target);
    process::run(&mut cargo)?;
    Ok(release.join(format!("lib{program}.so")))
}

/// Makes cargo link the program again. As another program's dependency it leaves an empty file of the same name,
/// which cargo would go on to call up to date.
fn forget_last_build(release: &Path, program: &str) -> Result<()> {
    let Ok(entries) = fs::read_dir(release.join(".fingerprint")) else {
        return Ok(());
    };
    for entry in entries {
        let entry = entry.context("reading cargo's fingerprints")?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.rsplit_once('-').is_some_and(|(package, _hash)| package == program) {
            fs::remove_dir_all(entry.path()).with_context(|| format!("removing {}", entry.path().display()))?;
        }
    }
    Ok(())
}
