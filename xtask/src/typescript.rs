//! `ts`: the TypeScript client, generated from the IDLs, type-checked and compiled into `clients/ts/dist`.
//!
//! What it generates is not committed: it is a function of the IDLs, of `clients/ts/codama`, and of versions that the lock file pins.

use std::{fs, path::Path, process::Command};

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::{process, workspace::Workspace};

/// The client's folder.
const CLIENT: &str = "clients/ts";

/// What the client is made of, as git pathspecs.
const INPUTS: [&str; 2] = [CLIENT, "idl"];

/// Oldest Node.js, major and minor, that the client's libraries run on.
const NODE: (u32, u32) = (20, 18);

/// Installs the packages that the lock file names, generates, and compiles; does nothing when nothing has changed since.
pub(crate) fn typescript(workspace: &Workspace) -> Result<()> {
    require_node()?;
    let client = workspace.path(CLIENT);
    let lock = digest([client.join("package-lock.json").as_path()])?;
    let installed = Stamp(client.join("node_modules/.installed"));
    if installed.is(&lock) {
        println!("ts: the packages are installed");
    } else {
        process::run(
            Command::new("npm")
                .current_dir(&client)
                .args(["ci", "--no-audit", "--no-fund"]),
        )?;
        installed.set(&lock)?;
    }

    let inputs = inputs(workspace)?;
    let built = Stamp(client.join("dist/.built"));
    if built.is(&inputs) {
        println!("ts: {CLIENT}/dist is current");
        return Ok(());
    }
    // What was compiled from sources that are gone must not stay.
    let dist = client.join("dist");
    if dist.exists() {
        fs::remove_dir_all(&dist).with_context(|| format!("removing {}", dist.display()))?;
    }
    process::run(
        Command::new("npm")
            .current_dir(&client)
            .args(["run", "--silent", "build"]),
    )?;
    built.set(&inputs)?;
    println!("ts: {CLIENT}/dist is built");
    Ok(())
}

fn require_node() -> Result<()> {
    let (major, minor) = NODE;
    let needed = format!("Node.js {major}.{minor} or newer with npm is needed; `./dev test` and `./dev lint` get it");
    let version = process::output(Command::new("node").arg("--version")).with_context(|| needed.clone())?;
    ensure!(
        parsed(&version).is_some_and(|found| found >= NODE),
        "{needed}; here is {}",
        version.trim()
    );
    Ok(())
}

/// Major and minor of `v20.18.1`.
fn parsed(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.trim().strip_prefix('v')?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// A hash of everything that the compiled client is made of: names and contents of all files that git knows or would take.
fn inputs(workspace: &Workspace) -> Result<String> {
    let listing = process::output(
        Command::new("git")
            .arg("-C")
            .arg(workspace.root())
            .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--"])
            .args(INPUTS),
    )?;
    let mut files: Vec<_> = listing
        .split_terminator('\0')
        .map(|name| workspace.path(name))
        .collect();
    files.retain(|file| file.is_file());
    files.sort();
    digest(files.iter().map(std::path::PathBuf::as_path))
}

fn digest<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<String> {
    let mut hasher = Sha256::new();
    for file in files {
        let content = fs::read(file).with_context(|| format!("reading {}", file.display()))?;
        hasher.update(file.as_os_str().as_encoded_bytes());
        hasher.update([0]);
        hasher.update(Sha256::digest(&content));
    }
    Ok(hex::encode(hasher.finalize()))
}

/// A file that says what something was made from.
struct Stamp(std::path::PathBuf);

impl Stamp {
    fn is(&self, digest: &str) -> bool {
        fs::read_to_string(&self.0).is_ok_and(|found| found == digest)
    }

    fn set(&self, digest: &str) -> Result<()> {
        fs::write(&self.0, digest).with_context(|| format!("writing {}", self.0.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_node_are_compared_as_numbers() {
        assert_eq!(parsed("v20.20.2\n"), Some((20, 20)));
        assert!(parsed("v20.9.0").is_some_and(|found| found < NODE));
        assert!(parsed("v100.0.0").is_some_and(|found| found > NODE));
        assert_eq!(parsed("20.18.0"), None);
    }

    #[test]
    fn a_changed_or_renamed_file_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let (one, other) = (folder.path().join("one"), folder.path().join("other"));
        fs::write(&one, "a").unwrap();
        fs::write(&other, "a").unwrap();
        let before = digest([one.as_path()]).unwrap();
        assert_ne!(before, digest([other.as_path()]).unwrap());
        fs::write(&one, "b").unwrap();
        assert_ne!(before, digest([one.as_path()]).unwrap());
    }

    #[test]
    fn a_stamp_holds_for_what_it_was_set_to() {
        let folder = tempfile::tempdir().unwrap();
        let stamp = Stamp(folder.path().join("stamp"));
        assert!(!stamp.is("x"));
        stamp.set("x").unwrap();
        assert!(stamp.is("x") && !stamp.is("y"));
    }
}
