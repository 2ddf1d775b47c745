//! The program without what it needs: it says what is missing and ends.

use std::{
    process::{Command, Output},
    time::{Duration, Instant},
};

/// Starts the indexer with nothing but these arguments; it must end by itself within a few seconds.
fn run(arguments: &[&str]) -> Output {
    let started = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_gantry-indexer"))
        .args([
            "--grpc-url",
            "http://127.0.0.1:1",
            "--rpc-url",
            "http://127.0.0.1:1",
            "--listen",
            "127.0.0.1:0",
        ])
        .args(arguments)
        .env_remove("DATABASE_URL")
        .output()
        .unwrap();
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "it took {:?}",
        started.elapsed()
    );
    output
}

fn last_words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr)
        .lines()
        .last()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn without_postgres_it_says_where_it_looked_and_what_to_do() {
    let output = run(&["--database-url", "postgres://gantry:secret@127.0.0.1:1/gantry"]);
    assert_eq!(output.status.code(), Some(1));
    let words = last_words(&output);
    assert!(
        words.starts_with("gantry-indexer: cannot reach Postgres at 127.0.0.1:1/gantry: "),
        "{words}"
    );
    assert!(
        words.contains("Start it, or point DATABASE_URL (or --database-url) at one that runs"),
        "{words}"
    );
    assert!(!words.contains("secret"), "{words}");
}

#[test]
fn without_a_database_address_it_says_how_to_name_one() {
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(1));
    let words = last_words(&output);
    assert!(
        words.starts_with("gantry-indexer: no database is named: set DATABASE_URL or --database-url"),
        "{words}"
    );
}

#[test]
fn a_malformed_database_address_is_refused_with_an_example() {
    let output = run(&["--database-url", "mysql://somewhere"]);
    assert_eq!(output.status.code(), Some(1));
    let words = last_words(&output);
    assert!(
        words.contains("it should look like postgres://user:password@host:5432/name"),
        "{words}"
    );
}
