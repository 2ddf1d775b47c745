//! A file has one idea; past a certain length there is a second one in it.

use std::{fs, path::Path};

use anyhow::{Context, Result};

/// The longest that a source file may be.
const LIMIT_LINES: usize = 400;

/// The tracked files that are too long. Those deleted but still tracked are left out.
pub(super) fn violations(root: &Path, sources: &[String]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for source in sources {
        let path = root.join(source);
        if !path.exists() {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
        let lines = text.lines().count();
        if lines > LIMIT_LINES {
            found.push(format!(
                "{source} has {lines} lines, more than {LIMIT_LINES}: look for its second idea"
            ));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_over_the_limit_are_named() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("short.rs"), "\n".repeat(LIMIT_LINES)).unwrap();
        fs::write(root.path().join("long.rs"), "\n".repeat(LIMIT_LINES + 1)).unwrap();
        let sources = ["short.rs", "long.rs", "deleted.rs"].map(str::to_owned);
        assert_eq!(
            violations(root.path(), &sources).unwrap(),
            ["long.rs has 401 lines, more than 400: look for its second idea"]
        );
    }
}
