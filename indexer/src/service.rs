//! The process: tables, ingestion and API, until a signal or a failure that trying again cannot mend.

use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::timeout,
};

use crate::{
    api::{self, ApiState},
    backfill::RpcLedger,
    config::Config,
    ingest::Ingest,
    progress,
    store::Database,
    stream::{Source, SourceConfig},
    telemetry,
};

/// How long requests under way may take after the signal to stop.
const GRACE: Duration = Duration::from_secs(5);

/// Runs until the process is told to stop.
///
/// # Errors
/// What keeps the indexer from working at all, with what to do about it.
pub async fn run(config: Config) -> Result<()> {
    let url = config.database_url.as_deref().context(
        "no database is named: set DATABASE_URL or --database-url, such as postgres://user:password@127.0.0.1:5432/gantry; \
         `./dev up` brings its own",
    )?;
    let database = Database::at(url)?;
    database.migrate().await?;
    let listener = TcpListener::bind(config.listen).await.with_context(|| {
        format!(
            "cannot listen on {}; choose another address with --listen or GANTRY_API_LISTEN",
            config.listen
        )
    })?;
    let (reporter, observer) = progress::channel();
    let readers = database.readers();
    let state = ApiState {
        readers: readers.clone(),
        observer,
        max_lag_ms: config.max_lag_ms,
        metrics: telemetry::metrics(),
    };
    let (stop, stopped) = watch::channel(false);
    tracing::info!(address = %listener.local_addr()?, "the API listens");
    let serving = tokio::spawn(api::serve(listener, state, stopped));

    let ingest = Ingest {
        database,
        source: Source::new(SourceConfig {
            url: config.grpc_url.clone(),
            token: config.grpc_token.clone(),
            silence_limit: config.stream_silence(),
        }),
        ledger: RpcLedger::new(&config.rpc_url),
        reporter,
    };
    // Dropping the ingestion loses nothing: the checkpoint says where to go on.
    let outcome = tokio::select! {
        Err(error) = ingest.run() => Err(error.into()),
        name = told_to_stop() => name.map(|name| tracing::info!(signal = name, "stopping")),
    };
    // Fails only when the API has already ended.
    let _ = stop.send(true);
    match timeout(GRACE, serving).await {
        Ok(served) => served
            .context("the API ended unexpectedly")?
            .context("the API failed")?,
        Err(_) => tracing::warn!("requests under way were cut off"),
    }
    readers.close().await;
    outcome
}

async fn told_to_stop() -> Result<&'static str> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot watch for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot watch for SIGINT")?;
    Ok(tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    })
}
