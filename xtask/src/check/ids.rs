//! A program's id is declared once in its source; the IDL and Anchor.toml must repeat it.

use std::fs;

use anyhow::{Context, Result};
use regex::Regex;

use crate::workspace::Workspace;

/// Every program whose ids differ or are missing.
pub(super) fn violations(workspace: &Workspace) -> Result<Vec<String>> {
    let read = |path: &str| {
        let path = workspace.path(path);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    };
    let anchor = read("Anchor.toml")?;
    let mut found = Vec::new();
    for program in workspace.programs()? {
        let source = read(&format!("programs/{program}/src/lib.rs"))?;
        let idl = fs::read_to_string(workspace.path(&format!("idl/{program}.json"))).ok();
        found.extend(differences(&program, &source, idl.as_deref(), &anchor)?);
    }
    Ok(found)
}

fn differences(program: &str, source: &str, idl: Option<&str>, anchor: &str) -> Result<Vec<String>> {
    let Some(declared) = declared(source)? else {
        return Ok(vec![format!("programs/{program}/src/lib.rs has no declare_id!")]);
    };
    let mut found = Vec::new();
    match idl {
        None => found.push(format!("idl/{program}.json is missing: run `./dev programs`")),
        Some(text) => {
            let address = serde_json::from_str::<serde_json::Value>(text)
                .with_context(|| format!("parsing idl/{program}.json; `./dev programs` makes it again"))?["address"]
                .clone();
            if address != declared {
                found.push(format!(
                    "idl/{program}.json gives the id {address}, the program declares {declared}: run `./dev programs`"
                ));
            }
        }
    }
    let anchor: toml::Table = anchor.parse().context("parsing Anchor.toml")?;
    let listed = anchor
        .get("programs")
        .and_then(|all| all.get("localnet")?.get(program)?.as_str());
    if listed != Some(&declared) {
        found.push(format!(
            "Anchor.toml must list {program} = \"{declared}\" under [programs.localnet]"
        ));
    }
    Ok(found)
}

fn declared(source: &str) -> Result<Option<String>> {
    let declaration = Regex::new(r#"(?m)^declare_id!\("([1-9A-HJ-NP-Za-km-z]+)"\)"#)?;
    Ok(declaration.captures(source).map(|found| found[1].to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "use a;\ndeclare_id!(\"Market111\");\n";
    const ANCHOR: &str = "[programs.localnet]\nmarket = \"Market111\"\n";

    #[test]
    fn one_id_in_all_three_places_is_in_order() {
        let idl = r#"{"address":"Market111"}"#;
        assert_eq!(differences("market", SOURCE, Some(idl), ANCHOR).unwrap(), [""; 0]);
    }

    #[test]
    fn another_id_in_the_idl_and_none_in_anchor_toml_are_both_named() {
        let found = differences("market", SOURCE, Some(r#"{"address":"Other111"}"#), "").unwrap();
        assert_eq!(found.len(), 2, "{found:#?}");
        assert!(found[0].starts_with("idl/market.json gives the id \"Other111\", the program declares Market111"));
        assert!(found[1].starts_with("Anchor.toml must list market"));
    }

    #[test]
    fn a_missing_idl_is_named_with_the_command_that_makes_it() {
        assert_eq!(
            differences("market", SOURCE, None, ANCHOR).unwrap(),
            ["idl/market.json is missing: run `./dev programs`"]
        );
    }

    #[test]
    fn a_program_without_an_id_is_named() {
        assert_eq!(
            differences("market", "fn main() {}", None, ANCHOR).unwrap(),
            ["programs/market/src/lib.rs has no declare_id!"]
        );
    }
}
