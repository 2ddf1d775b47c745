//! `sqlx-prepare`: what Postgres says about the indexer's queries, kept in `.sqlx`, so that compiling them needs no
//! database. Only queries in the indexer's library and program are kept; its tests use unchecked ones.

use std::{
    collections::BTreeMap,
    fs::{self, File, FileTimes},
    path::Path,
    process::Command,
    time::{Instant, SystemTime},
};

use anyhow::{Context, Result, ensure};
use gantry_postgres::Cluster;

use crate::{process, workspace::Workspace};

/// The database's name inside the private cluster.
const DATABASE: &str = "gantry";

/// Where sqlx looks when it compiles without a database.
const KEPT: &str = ".sqlx";

/// Crate roots of the indexer: cargo compiles them again when their time of change is newer.
const ROOTS: [&str; 2] = ["indexer/src/lib.rs", "indexer/src/main.rs"];

/// File names and contents of sqlx's records.
type Records = BTreeMap<String, String>;

/// Asks a private Postgres about every query, and keeps the answers or with `check` compares them with those kept.
pub(crate) fn prepare(workspace: &Workspace, check: bool) -> Result<()> {
    let started = Instant::now();
    let cluster = Cluster::temporary().context("starting a private Postgres")?;
    cluster.create_database(DATABASE)?;
    migrate(&cluster, &workspace.path("migrations"))?;

    let answers = tempfile::tempdir().context("making a folder for sqlx's records")?;
    compile(workspace, &cluster.url(DATABASE), answers.path())?;
    let asked = read_records(answers.path())?;
    ensure!(
        !asked.is_empty(),
        "the indexer has no query macros, or was not compiled again"
    );

    let folder = workspace.path(KEPT);
    let kept = if folder.is_dir() {
        read_records(&folder)?
    } else {
        Records::new()
    };
    let differences = differences(&kept, &asked);
    if check {
        ensure!(
            differences.is_empty(),
            "{KEPT} does not match the queries and migrations: run `cargo xtask sqlx-prepare`\n  {}",
            differences.join("\n  ")
        );
    } else {
        replace(&folder, &kept, &asked)?;
    }
    println!(
        "sqlx-prepare: {} queries, {} differences, {:.1} s",
        asked.len(),
        differences.len(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn migrate(cluster: &Cluster, folder: &Path) -> Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        files.push(entry?.path());
    }
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    ensure!(!files.is_empty(), "there are no migrations in {}", folder.display());
    // sqlx's numbers are of one length, so that their order is that of the names.
    files.sort();
    for file in files {
        let sql = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        cluster
            .psql(DATABASE, &sql)
            .with_context(|| format!("running {}", file.display()))?;
    }
    Ok(())
}

/// Compiles the indexer with a database at hand; sqlx's macros write their records into `answers`.
fn compile(workspace: &Workspace, database_url: &str, answers: &Path) -> Result<()> {
    let times: Vec<_> = ROOTS
        .iter()
        .map(|root| workspace.path(root))
        .map(|path| (modified(&path), path))
        .collect();
    for (_, path) in &times {
        set_modified(path, SystemTime::now())?;
    }
    let built = process::run(
        Command::new("cargo")
            .current_dir(workspace.root())
            .args(["build", "--quiet", "--locked", "--workspace", "--bin", "gantry-indexer"])
            .env("DATABASE_URL", database_url)
            .env("SQLX_OFFLINE", "false")
            .env("SQLX_OFFLINE_DIR", answers),
    );
    // As if nothing had happened: no other build needs to notice.
    for (time, path) in times {
        set_modified(&path, time?)?;
    }
    built
}

fn modified(path: &Path) -> Result<SystemTime> {
    fs::metadata(path)
        .and_then(|data| data.modified())
        .with_context(|| format!("reading {}", path.display()))
}

fn set_modified(path: &Path, time: SystemTime) -> Result<()> {
    File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_times(FileTimes::new().set_modified(time)))
        .with_context(|| format!("touching {}", path.display()))
}

fn read_records(folder: &Path) -> Result<Records> {
    let mut records = Records::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("query-") {
            records.insert(
                name,
                fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?,
            );
        }
    }
    Ok(records)
}

fn differences(kept: &Records, asked: &Records) -> Vec<String> {
    let missing = asked
        .keys()
        .filter(|name| !kept.contains_key(*name))
        .map(|name| format!("{name} is missing"));
    let changed = asked
        .iter()
        .filter(|(name, answer)| kept.get(*name).is_some_and(|old| old != *answer));
    let unused = kept
        .keys()
        .filter(|name| !asked.contains_key(*name))
        .map(|name| format!("{name} is of no query"));
    missing
        .chain(changed.map(|(name, _)| format!("{name} has another answer")))
        .chain(unused)
        .collect()
}

fn replace(folder: &Path, kept: &Records, asked: &Records) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    for name in kept.keys().filter(|name| !asked.contains_key(*name)) {
        fs::remove_file(folder.join(name)).with_context(|| format!("removing {KEPT}/{name}"))?;
    }
    for (name, answer) in asked.iter().filter(|(name, answer)| kept.get(*name) != Some(*answer)) {
        fs::write(folder.join(name), answer).with_context(|| format!("writing {KEPT}/{name}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(entries: &[(&str, &str)]) -> Records {
        entries
            .iter()
            .map(|(name, answer)| ((*name).to_owned(), (*answer).to_owned()))
            .collect()
    }

    #[test]
    fn missing_changed_and_unused_records_are_all_named() {
        let kept = records(&[("query-a", "1"), ("query-b", "1"), ("query-c", "1")]);
        let asked = records(&[("query-a", "1"), ("query-b", "2"), ("query-d", "1")]);
        assert_eq!(
            differences(&kept, &asked),
            [
                "query-d is missing",
                "query-b has another answer",
                "query-c is of no query"
            ]
        );
    }

    #[test]
    fn replacing_leaves_exactly_what_was_asked() {
        let folder = tempfile::tempdir().unwrap();
        let kept = records(&[("query-a", "1"), ("query-b", "1")]);
        replace(folder.path(), &Records::new(), &kept).unwrap();
        let asked = records(&[("query-b", "2"), ("query-c", "1")]);
        replace(folder.path(), &kept, &asked).unwrap();
        assert_eq!(read_records(folder.path()).unwrap(), asked);
    }

    #[test]
    fn a_files_time_can_be_put_back() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let before = modified(file.path()).unwrap();
        set_modified(file.path(), before + std::time::Duration::from_secs(60)).unwrap();
        set_modified(file.path(), before).unwrap();
        assert_eq!(modified(file.path()).unwrap(), before);
    }
}
