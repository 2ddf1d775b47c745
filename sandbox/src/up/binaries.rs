//! The other programs of the workspace, which Cargo puts beside this one.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// Where the programs are.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    /// All of them lie here.
    pub(crate) dir: PathBuf,
    /// `gantry-indexer`.
    pub(crate) indexer: PathBuf,
    /// `gantry-agent`.
    pub(crate) agent: PathBuf,
    /// `gantry`.
    pub(crate) cli: PathBuf,
    /// `path-tracer`, the demonstration's workload.
    pub(crate) path_tracer: PathBuf,
}

impl Binaries {
    /// Finds them, or says which are missing.
    pub(crate) fn find() -> Result<Self> {
        let own = env::current_exe().context("cannot find this program's own file")?;
        let dir = own.parent().context("this program's file has no directory")?.to_owned();
        Self::in_dir(&dir)
    }

    fn in_dir(dir: &Path) -> Result<Self> {
        let found = Self {
            dir: dir.to_owned(),
            indexer: dir.join("gantry-indexer"),
            agent: dir.join("gantry-agent"),
            cli: dir.join("gantry"),
            path_tracer: dir.join("path-tracer"),
        };
        let all = [&found.indexer, &found.agent, &found.cli, &found.path_tracer];
        let missing: Vec<_> = all
            .iter()
            .filter(|path| !path.is_file())
            .map(|path| path.display().to_string())
            .collect();
        if missing.is_empty() {
            return Ok(found);
        }
        bail!(
            "not built yet: {}; build everything with `cargo build --workspace`, or use `./dev up`",
            missing.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_that_are_not_built_are_named_together_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("gantry"), "").unwrap();
        let refused = Binaries::in_dir(dir.path()).unwrap_err().to_string();
        assert!(
            refused.contains("gantry-indexer") && refused.contains("path-tracer"),
            "{refused}"
        );
        assert!(
            refused.contains("cargo build --workspace") && !refused.contains("/gantry,"),
            "{refused}"
        );
    }
}
