//! A copy of the checkout in which bugs are planted.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use super::list::Mutant;
use crate::{process, workspace::Workspace};

/// The copy, with a build folder of its own, so that nothing of the checkout is rebuilt.
pub(crate) struct Tree {
    workspace: Workspace,
    programs: PathBuf,
}

/// A planted bug.
pub(crate) struct Planted {
    path: PathBuf,
    original: String,
}

impl Tree {
    /// Copies every tracked file that differs from the copy; what is unchanged keeps its time, and is not compiled again.
    pub(crate) fn prepare(checkout: &Workspace) -> Result<Self> {
        let base = checkout.target_dir("mutants");
        let root = base.join("tree");
        let listing = process::output(Command::new("git").arg("-C").arg(checkout.root()).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))?;
        let mut tracked = BTreeSet::new();
        for file in listing.split_terminator('\0') {
            let (from, to) = (checkout.path(file), root.join(file));
            // A file that is deleted but still tracked.
            let Ok(bytes) = fs::read(&from) else { continue };
            tracked.insert(file);
            if fs::read(&to).is_ok_and(|there| there == bytes) {
                continue;
            }
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
            }
            fs::copy(&from, &to).with_context(|| format!("copying {}", from.display()))?;
        }
        let tree = Self {
            workspace: Workspace::copy_at(root, base.join("target")),
            programs: base.join("programs"),
        };
        ensure!(
            tracked.contains("Cargo.lock"),
            "git lists no Cargo.lock in this checkout"
        );
        fs::create_dir_all(&tree.programs).with_context(|| format!("making {}", tree.programs.display()))?;
        Ok(tree)
    }

    /// The copy as a workspace.
    pub(crate) const fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    /// The folder that the tests load the programs from.
    pub(crate) fn programs(&self) -> &Path {
        &self.programs
    }

    /// Puts a program where the tests load it from.
    pub(crate) fn place(&self, program: &str, bytes: &[u8]) -> Result<()> {
        let path = self.programs.join(format!("{program}.so"));
        fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))
    }

    /// Plants a bug.
    pub(crate) fn plant(&self, mutant: &Mutant) -> Result<Planted> {
        let path = self.workspace.path(&mutant.file);
        let original = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let changed = original.replacen(&mutant.find, &mutant.replace, 1);
        fs::write(&path, changed).with_context(|| format!("writing {}", path.display()))?;
        Ok(Planted { path, original })
    }
}

impl Planted {
    /// Puts the original back.
    pub(crate) fn uproot(self) -> Result<()> {
        fs::write(&self.path, &self.original).with_context(|| format!("writing {}", self.path.display()))
    }
}
