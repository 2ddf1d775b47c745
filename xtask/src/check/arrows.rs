//! Which package may use which: the arrows of `docs/ARCHITECTURE.md`.

/// Each package of the workspace and the packages of the workspace it may depend on, for any purpose.
///
/// Nothing may use `gantry-cli`, `gantry-sandbox`, `gantry-fuzz`, `xtask`, `path-tracer` or `panics`; `gantry-indexer` and `gantry-agent` do
/// not know each other. Only `gantry-tests` stands above both, and beside the SDK looks into the programs themselves; `gantry-fuzz` knows
/// the SDK alone, through which it sees both programs.
const MAY_USE: [(&str, &[&str]); 15] = [
    ("gantry-protocol", &[]),
    ("gantry-postgres", &[]),
    ("gantry-onchain", &["gantry-protocol"]),
    ("staking", &["gantry-protocol", "gantry-onchain"]),
    ("market", &["gantry-protocol", "gantry-onchain", "staking"]),
    ("gantry-sdk", &["gantry-protocol", "staking", "market"]),
    ("gantry-indexer", &["gantry-protocol", "gantry-sdk"]),
    ("gantry-agent", &["gantry-protocol", "gantry-sdk"]),
    ("gantry-cli", &["gantry-protocol", "gantry-sdk"]),
    ("gantry-sandbox", &["gantry-protocol", "gantry-sdk", "gantry-postgres"]),
    (
        "gantry-tests",
        &[
            "gantry-protocol",
            "gantry-postgres",
            "staking",
            "market",
            "gantry-sdk",
            "gantry-indexer",
            "gantry-agent",
        ],
    ),
    ("gantry-fuzz", &["gantry-sdk"]),
    ("panics", &["gantry-onchain"]),
    ("path-tracer", &[]),
    ("xtask", &["gantry-postgres", "gantry-protocol"]),
];

/// A package of the workspace.
#[derive(Debug)]
pub(super) struct Member {
    /// The package's name.
    pub(super) name: String,
    /// Packages of the workspace that it depends on.
    pub(super) uses: Vec<String>,
}

/// Every arrow that must not be, as a sentence.
pub(super) fn violations(members: &[Member]) -> Vec<String> {
    let mut found = Vec::new();
    for member in members {
        let Some(allowed) = allowed(&member.name) else {
            found.push(format!(
                "{} has no place among the arrows: say in xtask/src/check/arrows.rs what it may use",
                member.name
            ));
            continue;
        };
        for used in member.uses.iter().filter(|used| !allowed.contains(&used.as_str())) {
            let list = if allowed.is_empty() {
                "nothing of this workspace".to_owned()
            } else {
                allowed.join(", ")
            };
            found.push(format!("{} depends on {used}; it may use {list}", member.name));
        }
    }
    found
}

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    MAY_USE
        .iter()
        .find(|(package, _)| *package == name)
        .map(|(_, allowed)| *allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, uses: &[&str]) -> Member {
        Member {
            name: name.to_owned(),
            uses: uses.iter().map(|used| (*used).to_owned()).collect(),
        }
    }

    #[test]
    fn the_sdk_may_use_the_programs() {
        assert_eq!(
            violations(&[member("gantry-sdk", &["gantry-protocol", "market", "staking"])]),
            [""; 0]
        );
    }

    #[test]
    fn the_indexer_must_not_use_the_agent_nor_the_agent_the_indexer() {
        let found = violations(&[
            member("gantry-indexer", &["gantry-agent", "gantry-sdk"]),
            member("gantry-agent", &["gantry-indexer"]),
        ]);
        assert_eq!(
            found,
            [
                "gantry-indexer depends on gantry-agent; it may use gantry-protocol, gantry-sdk",
                "gantry-agent depends on gantry-indexer; it may use gantry-protocol, gantry-sdk",
            ]
        );
    }

    #[test]
    fn a_program_must_not_use_the_sdk() {
        assert_eq!(violations(&[member("staking", &["gantry-sdk"])]).len(), 1);
    }

    #[test]
    fn the_protocol_uses_nothing_of_the_workspace() {
        assert_eq!(
            violations(&[member("gantry-protocol", &["market"])]),
            ["gantry-protocol depends on market; it may use nothing of this workspace"]
        );
    }

    #[test]
    fn nobody_may_use_what_stands_at_the_top() {
        for top in [
            "gantry-cli",
            "gantry-sandbox",
            "xtask",
            "path-tracer",
            "gantry-fuzz",
            "gantry-tests",
        ] {
            assert!(MAY_USE.iter().all(|(_, allowed)| !allowed.contains(&top)), "{top}");
        }
    }

    #[test]
    fn a_new_package_must_be_given_a_place() {
        assert!(violations(&[member("gantry-new", &[])])[0].starts_with("gantry-new has no place among the arrows"));
    }
}
