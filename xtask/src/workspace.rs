//! Where things are: the checkout, its build folders and its on-chain programs.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::process;

/// The checkout this command runs in.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    /// Where its builds go instead of cargo's folder.
    target: Option<PathBuf>,
}

impl Workspace {
    /// Finds the workspace around the current folder.
    pub(crate) fn locate() -> Result<Self> {
        let manifest =
            process::output(Command::new("cargo").args(["locate-project", "--workspace", "--message-format", "plain"]))
                .context("run this inside a checkout of the repository")?;
        let root = Path::new(manifest.trim())
            .parent()
            .context("cargo named no workspace")?;
        Ok(Self {
            root: root.to_owned(),
            target: None,
        })
    }

    /// A copy of the checkout at `root`, whose builds go below `target`.
    pub(crate) fn copy_at(root: PathBuf, target: PathBuf) -> Self {
        Self {
            root,
            target: Some(target),
        }
    }

    /// The folder that holds the workspace's `Cargo.toml`.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A file or folder of the checkout.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A build folder of its own below cargo's, for builds with another compiler or feature set.
    pub(crate) fn target_dir(&self, name: &str) -> PathBuf {
        if let Some(target) = &self.target {
            return target.join(name);
        }
        let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
        self.root.join(target).join(name)
    }

    /// Package names of the on-chain programs that are deployed, sorted.
    pub(crate) fn programs(&self) -> Result<Vec<String>> {
        self.programs_below("programs")
    }

    /// Package names of the on-chain programs in a folder, sorted. Each lies in a folder of its own name.
    pub(crate) fn programs_below(&self, folder: &str) -> Result<Vec<String>> {
        let folder = self.path(folder);
        let mut names = Vec::new();
        for entry in fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))? {
            let manifest = entry?.path().join("Cargo.toml");
            if manifest.is_file() {
                names.push(package_name(&manifest)?);
            }
        }
        ensure!(!names.is_empty(), "there is no program below {}", folder.display());
        names.sort();
        Ok(names)
    }
}

fn package_name(manifest: &Path) -> Result<String> {
    let text = fs::read_to_string(manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let table: toml::Table = text
        .parse()
        .with_context(|| format!("parsing {}", manifest.display()))?;
    let name = table
        .get("package")
        .and_then(|package| package.get("name"))
        .and_then(toml::Value::as_str);
    Ok(name
        .with_context(|| format!("{} names no package", manifest.display()))?
        .to_owned())
}
