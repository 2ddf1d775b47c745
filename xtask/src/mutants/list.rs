//! The list of mutants, `fuzz/mutants.toml`.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::workspace::Workspace;

/// Where the list is.
const LIST: &str = "fuzz/mutants.toml";

/// A bug that can be planted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mutant {
    /// Says what is wrong, in a few words with hyphens.
    pub(crate) name: String,
    /// The source file.
    pub(crate) file: String,
    /// Text that occurs exactly once in it.
    pub(crate) find: String,
    /// What takes its place.
    pub(crate) replace: String,
    /// What somebody could do with this bug.
    pub(crate) why: String,
}

impl Mutant {
    /// Whether it changes this program: its own sources do, and what all programs share.
    pub(crate) fn concerns(&self, program: &str) -> bool {
        match self.file.strip_prefix("programs/") {
            Some(rest) => rest.split('/').next() == Some(program),
            None => true,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Mutant>,
}

/// Reads the list.
pub(crate) fn read(workspace: &Workspace) -> Result<Vec<Mutant>> {
    let text = fs::read_to_string(workspace.path(LIST)).with_context(|| format!("reading {LIST}"))?;
    let list: List = toml::from_str(&text).with_context(|| format!("parsing {LIST}"))?;
    Ok(list.mutant)
}

/// Everything that keeps a mutant from being planted; `source` gives the text of a file.
pub(crate) fn violations(mutants: &[Mutant], source: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let mut found = Vec::new();
    let mut names = BTreeSet::new();
    for mutant in mutants {
        let name = &mutant.name;
        if !names.insert(name) {
            found.push(format!("{LIST}: the name {name} stands twice"));
        }
        let Some(text) = source(&mutant.file) else {
            found.push(format!("{LIST}: {name} is about {}, which cannot be read", mutant.file));
            continue;
        };
        let times = text.matches(&mutant.find).count();
        if times != 1 {
            found.push(format!(
                "{LIST}: the text of {name} occurs {times} times in {}, not once",
                mutant.file
            ));
        }
        if mutant.find == mutant.replace {
            found.push(format!("{LIST}: {name} changes nothing"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutant(name: &str, file: &str, find: &str) -> Mutant {
        Mutant {
            name: name.to_owned(),
            file: file.to_owned(),
            find: find.to_owned(),
            replace: "other".to_owned(),
            why: String::new(),
        }
    }

    fn source(file: &str) -> Option<String> {
        (file == "a.rs").then(|| "one two two".to_owned())
    }

    #[test]
    fn a_mutant_whose_text_occurs_once_is_in_order() {
        assert_eq!(violations(&[mutant("m", "a.rs", "one")], source), [""; 0]);
    }

    #[test]
    fn text_that_is_gone_or_ambiguous_is_named() {
        let found = violations(
            &[mutant("gone", "a.rs", "three"), mutant("twice", "a.rs", "two")],
            source,
        );
        assert_eq!(
            found,
            [
                "fuzz/mutants.toml: the text of gone occurs 0 times in a.rs, not once",
                "fuzz/mutants.toml: the text of twice occurs 2 times in a.rs, not once",
            ]
        );
    }

    #[test]
    fn a_missing_file_a_second_name_and_a_change_that_is_none_are_named() {
        let mut nothing = mutant("m", "a.rs", "one");
        nothing.replace = "one".to_owned();
        let found = violations(&[mutant("m", "b.rs", "one"), nothing], source);
        assert_eq!(found.len(), 3, "{found:#?}");
    }

    #[test]
    fn a_mutant_concerns_its_own_program_or_all() {
        let own = mutant("m", "programs/staking/src/lib.rs", "x");
        assert!(own.concerns("staking") && !own.concerns("market"));
        assert!(mutant("m", "crates/protocol/src/wide.rs", "x").concerns("market"));
    }
}
