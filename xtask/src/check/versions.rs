//! Versions of dependencies stand in the workspace's `Cargo.toml` only.

use std::{fs, path::Path};

use anyhow::{Context, Result};
use toml::{Table, Value};

const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Every dependency of a package that is not `name.workspace = true`.
pub(super) fn violations(manifest: &Path, root: &Path) -> Result<Vec<String>> {
    let text = fs::read_to_string(manifest).with_context(|| format!("reading {}", manifest.display()))?;
    let table: Table = text
        .parse()
        .with_context(|| format!("parsing {}", manifest.display()))?;
    let shown = manifest.strip_prefix(root).unwrap_or(manifest).display();
    let own = own_versions(&table);
    Ok(own
        .iter()
        .map(|name| format!("{shown}: write `{name}.workspace = true`; its version belongs in the root"))
        .collect())
}

fn own_versions(manifest: &Table) -> Vec<String> {
    let per_target = manifest
        .get("target")
        .and_then(Value::as_table)
        .into_iter()
        .flat_map(Table::values);
    let tables = per_target.filter_map(Value::as_table).chain([manifest]);
    let lists = tables.flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table()));
    lists
        .flatten()
        .filter(|(_, dependency)| !is_inherited(dependency))
        .map(|(name, _)| name.clone())
        .collect()
}

fn is_inherited(dependency: &Value) -> bool {
    dependency.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inherited_dependencies_are_in_order_whatever_else_they_say() {
        let manifest = "[dependencies]\na.workspace = true\nb = { workspace = true, features = [\"c\"] }\n";
        assert_eq!(own_versions(&manifest.parse().unwrap()), [""; 0]);
    }

    #[test]
    fn versions_and_paths_are_found_in_every_kind_of_dependency() {
        let manifest = "[dependencies]\na = \"1\"\n[dev-dependencies]\nb = { path = \"../b\" }\n\
                        [build-dependencies]\nc.version = \"1\"\n[target.'cfg(unix)'.dependencies]\nd = \"1\"\n";
        let mut found = own_versions(&manifest.parse().unwrap());
        found.sort();
        assert_eq!(found, ["a", "b", "c", "d"]);
    }

    #[test]
    fn the_message_names_the_file_and_the_line_to_write() {
        let root = tempfile::tempdir().unwrap();
        let manifest = root.path().join("Cargo.toml");
        fs::write(&manifest, "[dependencies]\nserde = \"1\"\n").unwrap();
        assert_eq!(
            violations(&manifest, root.path()).unwrap(),
            ["Cargo.toml: write `serde.workspace = true`; its version belongs in the root"]
        );
    }
}
