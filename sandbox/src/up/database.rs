//! A fresh, empty database for every run: blockhashes repeat from boot to boot, and so may what refers to them.

use anyhow::{Context, Result};
use gantry_postgres::Cluster;
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use url::Url;

use super::data_dir::DataDir;

/// Names of this network's databases begin with this.
const PREFIX: &str = "gantry_";

/// The run's database and what keeps it.
#[derive(Debug)]
pub(crate) struct Database {
    /// Its address, with the password.
    pub(crate) url: String,
    /// The private server; none when the user's own is used.
    cluster: Option<Cluster>,
    /// Where the database was created on the user's own server.
    foreign: Option<(Url, String)>,
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
        let name = database_name(data_dir.run_name());
        // The name consists of our own letters and digits.
        execute(&server, format!("CREATE DATABASE {name}")).await.with_context(|| {
            format!("cannot create the database {name} on the server of DATABASE_URL; unset it to use a private Postgres")
        })?;
        let mut url = server.clone();
        url.set_path(&name);
        Ok(Self {
            url: url.into(),
            cluster: None,
            foreign: Some((server, name)),
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
        if let Some((server, name)) = self.foreign {
            execute(&server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
                .await
                .with_context(|| format!("cannot remove the database {name}"))?;
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
