//! A fresh, empty database for every run: blockhashes repeat from boot to boot, and so may what refers to them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use gantry_postgres::Cluster;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use url::Url;

use super::data_dir::DataDir;

/// Names of this network's databases begin with this.
const PREFIX: &str = "gantry_";
/// Postgres's own.
const DEFAULT_PORT: u16 = 5432;

/// The run's database and what keeps it.
#[derive(Debug)]
pub(crate) struct Database {
    /// Its address, with the password.
    pub(crate) url: String,
    /// The private server; none when the user's own is used.
    cluster: Option<Cluster>,
    /// The database on the user's own server.
    foreign: Option<Foreign>,
}

/// A database on the user's own server. It is noted in the data directory from before it is made until after it is removed, so that the
/// next start can remove what a killed network left there, and nothing else.
#[derive(Debug)]
struct Foreign {
    server: Url,
    name: String,
    note: PathBuf,
}

impl Foreign {
    /// The server that a note belongs to, without user and password.
    fn place(server: &Url) -> String {
        let port = server.port().unwrap_or(DEFAULT_PORT);
        format!("{}:{port}", server.host_str().unwrap_or_default())
    }

    async fn create(server: Url, name: String, notes: &Path) -> Result<Self> {
        fs::create_dir_all(notes).with_context(|| format!("cannot create {}", notes.display()))?;
        let note = notes.join(&name);
        fs::write(&note, Self::place(&server)).with_context(|| format!("cannot write {}", note.display()))?;
        let foreign = Self { server, name, note };
        // The name consists of our own letters and digits.
        let created = execute(&foreign.server, format!("CREATE DATABASE {}", foreign.name)).await;
        if let Err(error) = created {
            // Somebody else's, if there is one.
            foreign.forget()?;
            return Err(error).with_context(|| {
                let name = &foreign.name;
                format!(
                    "cannot create the database {name} on the server of DATABASE_URL; unset it to use a private Postgres"
                )
            });
        }
        Ok(foreign)
    }

    async fn remove(&self) -> Result<()> {
        let name = &self.name;
        execute(&self.server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            .await
            .with_context(|| format!("cannot remove the database {name}"))?;
        self.forget()
    }

    fn forget(&self) -> Result<()> {
        fs::remove_file(&self.note).with_context(|| format!("cannot remove {}", self.note.display()))
    }

    /// The databases that earlier runs left on this server.
    fn left_behind(server: &Url, notes: &Path) -> Vec<Self> {
        let place = Self::place(server);
        let entries = fs::read_dir(notes).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let ours = name
                    .strip_prefix(PREFIX)?
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '_');
                let same_server = fs::read_to_string(entry.path()).ok()? == place;
                (ours && same_server).then(|| Self {
                    server: server.clone(),
                    name,
                    note: entry.path(),
                })
            })
            .collect()
    }
}

impl Database {
    /// Starts a private server and creates the run's database on it.
    pub(crate) async fn private(data_dir: &DataDir) -> Result<Self> {
        let (files, name) = (data_dir.postgres(), database_name(data_dir.run_name()));
        let kept: Vec<String> = data_dir.kept_runs()?.iter().map(|run| database_name(run)).collect();
        // Starting a server waits for its processes.
        let start = move || {
            let cluster = Cluster::start(&files).context("cannot start a private Postgres")?;
            drop_forgotten(&cluster, &kept)?;
            cluster
                .create_database(&name)
                .with_context(|| format!("cannot create the database {name}"))?;
            Ok(Self {
                url: cluster.url(&name),
                cluster: Some(cluster),
                foreign: None,
            })
        };
        tokio::task::spawn_blocking(start)
            .await
            .context("cannot start Postgres")?
    }

    /// Creates the run's database on the user's server.
    pub(crate) async fn on(server: &str, data_dir: &DataDir) -> Result<Self> {
        let server =
            Url::parse(server).context("DATABASE_URL is not a URL such as postgres://user:password@host/database")?;
        for forgotten in Foreign::left_behind(&server, &data_dir.databases()) {
            if let Err(error) = forgotten.remove().await {
                tracing::warn!("{error:#}");
            }
        }
        let foreign = Foreign::create(server, database_name(data_dir.run_name()), &data_dir.databases()).await?;
        let mut url = foreign.server.clone();
        url.set_path(&foreign.name);
        Ok(Self {
            url: url.into(),
            cluster: None,
            foreign: Some(foreign),
        })
    }

    /// Where it is, for people: without the password.
    pub(crate) fn place(&self) -> String {
        match &self.cluster {
            Some(cluster) => format!(
                "private, port {}, files in {}",
                cluster.port(),
                cluster.directory().display()
            ),
            None => "on the server of DATABASE_URL".into(),
        }
    }

    /// The private server's process.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.cluster.as_ref().map(Cluster::pid)
    }

    /// Stops the private server, or removes the database from the user's.
    pub(crate) async fn stop(self) -> Result<()> {
        if let Some(foreign) = &self.foreign {
            foreign.remove().await?;
        }
        // Stopping a private server waits for it.
        tokio::task::spawn_blocking(move || drop(self.cluster))
            .await
            .context("cannot stop Postgres")
    }
}

async fn execute(server: &Url, sql: String) -> Result<()> {
    let mut connection = PgConnection::connect(server.as_str()).await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await?;
    Ok(())
}

/// `run-17` becomes `gantry_run_17`.
fn database_name(run: &str) -> String {
    format!("{PREFIX}{}", run.replace('-', "_"))
}

/// Removes the databases of runs whose directories are gone.
fn drop_forgotten(cluster: &Cluster, kept: &[String]) -> Result<()> {
    let names = cluster.psql(
        "postgres",
        "SELECT datname FROM pg_database WHERE datname LIKE 'gantry\\_run\\_%'",
    )?;
    for name in names.lines().filter(|name| !kept.iter().any(|kept| kept == name)) {
        cluster.psql("postgres", &format!("DROP DATABASE \"{name}\" WITH (FORCE)"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_an_earlier_run_noted_for_this_server_is_left_behind() {
        let notes = tempfile::tempdir().unwrap();
        let note = |name: &str, place: &str| fs::write(notes.path().join(name), place).unwrap();
        note("gantry_run_1", "db.example.org:5432");
        note("gantry_run_2", "db.example.org:5433");
        note("gantry_run_3; DROP TABLE x", "db.example.org:5432");
        note("production", "db.example.org:5432");
        let server = Url::parse("postgres://me:secret@db.example.org/postgres").unwrap();
        let left: Vec<String> = Foreign::left_behind(&server, notes.path())
            .into_iter()
            .map(|foreign| foreign.name)
            .collect();
        assert_eq!(left, ["gantry_run_1"]);
    }
}
