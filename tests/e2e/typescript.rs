//! The TypeScript client on a network: `clients/ts`, which `cargo xtask ts` generates from the IDLs and compiles.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::network::{Network, program};

/// The compiled tests of the client in this folder.
fn tests_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.map(|entry| entry.expect("an entry").path());
    let tests: Vec<_> = files
        .filter(|path| path.to_string_lossy().ends_with(".test.js"))
        .collect();
    assert!(!tests.is_empty(), "{} has no tests", folder.display());
    tests
}

#[test]
fn the_typescript_client_reads_what_the_indexer_serves_and_rents_a_node() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the checkout");
    let built = Command::new(program("xtask")).arg("ts").current_dir(root).status();
    assert!(built.expect("xtask").success(), "cargo xtask ts failed");

    // Short, so that a job that nobody starts can soon be cancelled.
    let network = Network::start(&["--agents", "2", "--start-deadline-s", "3"]);
    let compiled = root.join("clients/ts/dist/test");
    let output = Command::new("node")
        .arg("--test")
        .args(tests_in(&compiled.join("unit")))
        .args(tests_in(&compiled.join("network")))
        .env("GANTRY_READY_FILE", network.ready_file())
        .output()
        .expect("node");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // A run of node without tests succeeds too.
    assert!(said.contains("# fail 0") || said.contains("ℹ fail 0"), "{said}");
}
