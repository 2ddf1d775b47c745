//! `programs/bin/manifest.json` and `tests/programs/bin/manifest.json`: what the committed bytecode is and what built it.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The manifest's name beside the programs.
pub(crate) const FILE: &str = "manifest.json";

/// The record beside the committed programs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    /// Versions of everything but the sources that decides the bytes.
    pub toolchain: BTreeMap<String, String>,
    /// Version of the framework the programs are written with.
    pub anchor_lang: String,
    /// The programs, by name.
    pub programs: BTreeMap<String, Program>,
}

/// One program's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Program {
    /// SHA-256 of the file, in hexadecimal.
    pub sha256: String,
    /// Length of the file.
    pub size_bytes: usize,
}

impl Program {
    /// Describes a program's bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self {
            sha256: hex::encode(Sha256::digest(bytes)),
            size_bytes: bytes.len(),
        }
    }
}

impl Manifest {
    /// Reads the manifest of a folder of programs.
    pub(crate) fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(FILE);
        let text = fs::read_to_string(&path)
            .with_context(|| format!("reading {}; `./dev programs` makes it", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("parsing {}; `./dev programs` mends it", path.display()))
    }

    /// Writes the manifest into a folder of programs.
    pub(crate) fn write(&self, folder: &Path) -> Result<()> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        let path = folder.join(FILE);
        fs::write(&path, text).with_context(|| format!("writing {}", path.display()))
    }

    /// Every way in which the files of `committed`, below `root`, differ from this record; `programs` are those that must be there.
    pub(crate) fn differences(&self, root: &Path, committed: &str, programs: &[String]) -> Vec<String> {
        let folder = root.join(committed);
        let mut found = Vec::new();
        for name in programs {
            let file = format!("{committed}/{name}.so");
            match (self.programs.get(name), fs::read(folder.join(format!("{name}.so")))) {
                (None, _) => found.push(format!("{committed}/{FILE} does not list the program {name}")),
                (Some(_), Err(error)) => found.push(format!("{file} cannot be read: {error}")),
                (Some(recorded), Ok(bytes)) => {
                    let actual = Program::of(&bytes);
                    if actual != *recorded {
                        found.push(format!(
                            "{file} is not the recorded file: it has {} bytes and SHA-256 {}, the manifest says {} and {}",
                            actual.size_bytes, actual.sha256, recorded.size_bytes, recorded.sha256
                        ));
                    }
                }
            }
        }
        for name in self.programs.keys().filter(|name| !programs.contains(name)) {
            found.push(format!(
                "{committed}/{FILE} lists {name}, which is no program beside {committed}"
            ));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root_with(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("programs/bin")).unwrap();
        for (name, bytes) in files {
            fs::write(root.path().join("programs/bin").join(name), bytes).unwrap();
        }
        root
    }

    fn manifest_of(programs: &[(&str, &[u8])]) -> Manifest {
        Manifest {
            toolchain: BTreeMap::from([("rustc-web".to_owned(), "1.96.0".to_owned())]),
            anchor_lang: "2.0.0-rc.1".to_owned(),
            programs: programs
                .iter()
                .map(|(name, bytes)| ((*name).to_owned(), Program::of(bytes)))
                .collect(),
        }
    }

    #[test]
    fn a_written_manifest_reads_back_the_same() {
        let root = root_with(&[]);
        let manifest = manifest_of(&[("market", b"code")]);
        manifest.write(root.path()).unwrap();
        assert_eq!(Manifest::read(root.path()).unwrap(), manifest);
    }

    #[test]
    fn the_recorded_files_differ_in_nothing() {
        let root = root_with(&[("market.so", b"code")]);
        assert_eq!(
            manifest_of(&[("market", b"code")]).differences(root.path(), "programs/bin", &["market".to_owned()]),
            [""; 0]
        );
    }

    #[test]
    fn a_changed_a_missing_and_an_unknown_program_are_all_named() {
        let root = root_with(&[("market.so", b"other")]);
        let manifest = manifest_of(&[("market", b"code"), ("old", b"old")]);
        let found = manifest.differences(
            root.path(),
            "programs/bin",
            &["market".to_owned(), "staking".to_owned()],
        );
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found[0].starts_with("programs/bin/market.so is not the recorded file"));
        assert!(found[1].contains("does not list the program staking"));
        assert!(found[2].contains("lists old"));
    }
}
