//! `up --once`: what a stranger sees first.

use serde_json::Value;
use std::process::{Command, Stdio};
use tempfile::TempDir;

use crate::{
    network::program,
    rent::{assert_bill, number},
};

#[test]
fn the_demonstration_leaves_the_picture_the_bill_and_the_proof_and_ends_well() {
    let directory = TempDir::new().expect("a temporary directory");
    let demo = directory.path().join("demo");
    let output = Command::new(program("gantry-sandbox"))
        .args(["up", "--once", "--data-dir"])
        .arg(directory.path().join("data"))
        .arg("--demo-dir")
        .arg(&demo)
        .env_remove("DATABASE_URL")
        .stdin(Stdio::null())
        .output()
        .expect("gantry-sandbox");
    let shown = String::from_utf8_lossy(&output.stdout);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{shown}\n{said}");

    let read = |name: &str| std::fs::read(demo.join(name)).unwrap_or_else(|error| panic!("{name}: {error}\n{shown}"));
    let json = |name: &str| serde_json::from_slice::<Value>(&read(name)).expect("JSON");
    assert!(read("picture.png").starts_with(b"\x89PNG\r\n\x1a\n"));
    let bill = json("bill.json");
    assert_bill(&bill);
    assert_eq!(bill["state"], "closed", "{bill}");
    assert!(number(&bill, "metered_ms") > 0 && number(&bill, "paid") > 0, "{bill}");
    assert_eq!(json("verify.json")["verified"], true);
    assert!(!read("bill.txt").is_empty() && !read("verify.txt").is_empty());
}
