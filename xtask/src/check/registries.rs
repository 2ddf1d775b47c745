//! A lock file of npm names packages, versions and hashes, never the host that they were fetched from: that is the machine's own choice.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use serde_json::Value;

/// The lock file.
const LOCK: &str = "clients/ts/package-lock.json";

/// Every package of the lock file that names a host, or that has no hash to be checked against.
pub(super) fn violations(root: &Path) -> Result<Vec<String>> {
    let path = root.join(LOCK);
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    in_lock(&text).with_context(|| format!("parsing {LOCK}"))
}

fn in_lock(text: &str) -> Result<Vec<String>> {
    let lock: Value = serde_json::from_str(text)?;
    let packages = lock["packages"].as_object().context("it lists no packages")?;
    let mut found = Vec::new();
    // The empty name is the client itself.
    for (name, package) in packages.iter().filter(|(name, _)| !name.is_empty()) {
        if package.get("resolved").is_some() {
            found.push(format!(
                "{LOCK}: {name} names a host: install with `npm install --omit-lockfile-registry-resolved`"
            ));
        }
        if package.get("integrity").is_none() {
            found.push(format!("{LOCK}: {name} has no hash"));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_and_a_missing_hash_are_named() {
        let lock = r#"{"packages":{
            "":{"name":"client"},
            "node_modules/fine":{"version":"1.0.0","integrity":"sha512-x"},
            "node_modules/hosted":{"version":"1.0.0","integrity":"sha512-x","resolved":"https://host.example/x.tgz"},
            "node_modules/unhashed":{"version":"1.0.0"}}}"#;
        let found = in_lock(lock).unwrap();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].contains("hosted names a host"));
        assert!(found[1].contains("unhashed has no hash"));
    }
}
