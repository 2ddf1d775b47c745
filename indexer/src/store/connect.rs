//! Ways into the database.

use std::{str::FromStr as _, time::Duration};

use sqlx::{
    Connection as _, PgConnection, PgPool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tokio::time::timeout;

/// Longest that connecting may take before it counts as failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Connections of the API: enough to keep two cores busy, few enough to leave Postgres to the ingestion.
const READERS: u32 = 8;
/// Longest that a request waits for one of them.
const READER_PATIENCE: Duration = Duration::from_secs(2);
/// Longest that one query of the API may run: no stranger's query can hurt the ingestion.
const STATEMENT_TIMEOUT: &str = "2s";

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is malformed.
    #[error("the database address is not valid: {0}; it should look like postgres://user:password@host:5432/name")]
    Address(String),
    /// Nobody answers.
    #[error(
        "cannot reach Postgres at {place}: {reason}. Start it, or point DATABASE_URL (or --database-url) at one that runs; \
         `./dev up` brings its own"
    )]
    Unreachable {
        /// Host, port and database, without the password.
        place: String,
        /// Why.
        reason: String,
    },
    /// The tables could not be brought up to date.
    #[error("the database's tables cannot be brought up to date: {0}")]
    Migration(#[from] MigrateError),
    /// The database mirrors another chain.
    #[error(
        "this database mirrors the chain with genesis hash {recorded}, but the RPC node belongs to {actual}; \
         use a fresh database, or another RPC node"
    )]
    OtherChain {
        /// What the database says.
        recorded: String,
        /// What the node says.
        actual: String,
    },
    /// A statement failed.
    #[error("the database failed: {0}")]
    Statement(#[from] sqlx::Error),
}

/// A database.
#[derive(Clone, Debug)]
pub struct Database {
    options: PgConnectOptions,
    place: String,
}

impl Database {
    /// The database at `url`.
    ///
    /// # Errors
    /// [`StoreError::Address`].
    pub fn at(url: &str) -> Result<Self, StoreError> {
        if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
            return Err(StoreError::Address("it does not begin with postgres://".to_owned()));
        }
        let options = PgConnectOptions::from_str(url).map_err(|error| StoreError::Address(error.to_string()))?;
        let options = options.application_name("gantry-indexer");
        let name = options.get_database().unwrap_or("(default)");
        let place = format!("{}:{}/{name}", options.get_host(), options.get_port());
        Ok(Self { options, place })
    }

    /// Creates and changes tables until they are what this program expects.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`] or [`StoreError::Migration`].
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let mut connection = self.connect().await?;
        MIGRATIONS.run(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Read-only connections for the API. Connects at the first query.
    #[must_use]
    pub fn readers(&self) -> PgPool {
        let options = self.options.clone().options([
            ("statement_timeout", STATEMENT_TIMEOUT),
            ("default_transaction_read_only", "on"),
            // Absent filters are constants only in a plan of their own.
            ("plan_cache_mode", "force_custom_plan"),
        ]);
        PgPoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(READER_PATIENCE)
            .connect_lazy_with(options)
    }

    /// One connection.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`].
    pub async fn connect(&self) -> Result<PgConnection, StoreError> {
        let unreachable = |reason: String| StoreError::Unreachable {
            place: self.place.clone(),
            reason,
        };
        match timeout(CONNECT_TIMEOUT, PgConnection::connect_with(&self.options)).await {
            Ok(connected) => connected.map_err(|error| unreachable(error.to_string())),
            Err(_) => Err(unreachable(format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))),
        }
    }
}
