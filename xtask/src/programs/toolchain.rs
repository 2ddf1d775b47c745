//! The two ways to compile a program: Solana's platform-tools, or Debian's rustc and LLVM with `sbpf-linker`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};

use crate::process;

/// Debian packages: a rustc with LLVM 22, the sources of its libraries, and LLVM's own tools.
const PACKAGES: [&str; 3] = ["rustc-web", "rust-web-src", "llvm-22"];

/// The release of `sbpf-linker` whose output was tried.
const LINKER_VERSION: &str = "0.2.6";

/// The LLVM library that belongs to Debian's `llvm-22`.
const LLVM_LIBRARY: &str = "libLLVM.so.22.1";

/// What compiles programs on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Toolchain {
    /// `cargo build-sbf`.
    PlatformTools,
    /// The recipe in `xtask/sbf`.
    Debian,
}

impl Toolchain {
    /// The toolchain to build with on this machine, if there is one.
    fn installed() -> Option<Self> {
        Self::all().into_iter().find(|toolchain| toolchain.is_complete())
    }

    /// The complete toolchains of this machine, each with its versions.
    pub(crate) fn all_installed() -> Result<Vec<(Self, BTreeMap<String, String>)>> {
        let complete = Self::all().into_iter().filter(|toolchain| toolchain.is_complete());
        complete
            .map(|toolchain| Ok((toolchain, toolchain.versions()?)))
            .collect()
    }

    /// Preferred first.
    const fn all() -> [Self; 2] {
        [Self::PlatformTools, Self::Debian]
    }

    fn is_complete(self) -> bool {
        match self {
            Self::PlatformTools => process::succeeds(Command::new("cargo").args(["build-sbf", "--version"])),
            Self::Debian => missing_packages().is_empty() && linker_is_installed(),
        }
    }

    /// The toolchain of this machine, installed first where there is none.
    pub(crate) fn ready() -> Result<Self> {
        if let Some(installed) = Self::installed() {
            return Ok(installed);
        }
        install()?;
        Self::installed().context("the toolchain was installed but is still not found; is ~/.cargo/bin in PATH?")
    }

    /// Versions of everything but the sources that decides a program's bytes.
    pub(crate) fn versions(self) -> Result<BTreeMap<String, String>> {
        match self {
            Self::PlatformTools => {
                let text = process::output(Command::new("cargo").args(["build-sbf", "--version"]))?;
                Ok(text
                    .lines()
                    .filter_map(|line| line.split_once(' '))
                    .map(owned)
                    .collect())
            }
            Self::Debian => {
                let format = "--showformat=${Package} ${Version}\n";
                let text = process::output(Command::new("dpkg-query").args(["--show", format]).args(PACKAGES))?;
                let mut versions: BTreeMap<_, _> = text
                    .lines()
                    .filter_map(|line| line.split_once(' '))
                    .map(owned)
                    .collect();
                let cargo = process::output(Command::new("cargo").arg("--version"))?;
                let cargo = cargo.split(' ').nth(1).context("`cargo --version` names no version")?;
                versions.insert("cargo".to_owned(), cargo.to_owned());
                versions.insert("sbpf-linker".to_owned(), LINKER_VERSION.to_owned());
                Ok(versions)
            }
        }
    }
}

fn owned((name, version): (&str, &str)) -> (String, String) {
    (name.to_owned(), version.to_owned())
}

/// A new folder below `parent` that holds the LLVM library of [`PACKAGES`] and no other. `sbpf-linker` loads the
/// first LLVM it meets in its search path: without this the bytes would depend on which Rust toolchain calls it.
pub(crate) fn llvm_dir(parent: &Path) -> Result<PathBuf> {
    let library = find_llvm_library()?;
    let folder = parent.join("llvm");
    let link = folder.join(LLVM_LIBRARY);
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    if fs::read_link(&link).is_ok_and(|target| target == library) {
        return Ok(folder);
    }
    drop(fs::remove_file(&link));
    std::os::unix::fs::symlink(&library, &link).with_context(|| format!("linking {}", link.display()))?;
    Ok(folder)
}

fn find_llvm_library() -> Result<PathBuf> {
    let files = process::output(Command::new("dpkg-query").args(["--listfiles", "libllvm22"]))?;
    let library = files
        .lines()
        .map(Path::new)
        .find(|file| file.file_name().is_some_and(|name| name == LLVM_LIBRARY));
    Ok(library
        .with_context(|| format!("the package libllvm22 holds no {LLVM_LIBRARY}"))?
        .to_owned())
}

fn missing_packages() -> Vec<&'static str> {
    let installed = |package: &str| {
        let query = ["--show", "--showformat=${db:Status-Status}", package];
        process::output(Command::new("dpkg-query").args(query)).is_ok_and(|status| status == "installed")
    };
    PACKAGES.into_iter().filter(|package| !installed(package)).collect()
}

fn linker_is_installed() -> bool {
    // Its --version loads no LLVM, and so works without the search path.
    process::output(Command::new("sbpf-linker").arg("--version"))
        .is_ok_and(|text| text.lines().next() == Some(&format!("sbpf-linker {LINKER_VERSION}")))
}

fn install() -> Result<()> {
    let packages = missing_packages();
    if !packages.is_empty() {
        if !process::succeeds(Command::new("apt-get").arg("--version")) {
            bail!(
                "there is no compiler for on-chain programs here. Install Solana's platform-tools (so that `cargo \
                 build-sbf` works), or on Debian the packages {}",
                PACKAGES.join(", ")
            );
        }
        println!("build-programs: installing {} (Debian packages)", packages.join(", "));
        apt_get(&["update", "--quiet"])?;
        let install = ["install", "--yes", "--quiet", "--no-install-recommends"];
        apt_get(&[&install[..], &packages].concat())?;
        let still = missing_packages();
        ensure!(still.is_empty(), "apt-get did not install {}", still.join(", "));
    }
    if !linker_is_installed() {
        println!("build-programs: installing sbpf-linker {LINKER_VERSION} (cargo, about 80 s)");
        let linker = [
            "install",
            "sbpf-linker",
            "--version",
            LINKER_VERSION,
            "--locked",
            "--force",
        ];
        // The linker is a tool of this machine: nothing of this build may reach into its own.
        process::run(
            Command::new("cargo")
                .args(linker)
                .env_remove("CARGO_TARGET_DIR")
                .env_remove("RUSTFLAGS"),
        )?;
    }
    Ok(())
}

fn apt_get(args: &[&str]) -> Result<()> {
    let is_root = process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let mut command = Command::new(if is_root { "apt-get" } else { "sudo" });
    if !is_root {
        command.arg("apt-get");
    }
    process::run(command.args(args).env("DEBIAN_FRONTEND", "noninteractive"))
        .with_context(|| format!("install {} yourself and try again", PACKAGES.join(", ")))
}
