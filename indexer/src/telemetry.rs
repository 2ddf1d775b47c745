//! Logs and metrics of the process.

use std::{
    io::{IsTerminal as _, stderr},
    sync::OnceLock,
    thread,
    time::Duration,
};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

use crate::apply::Changes;

/// Seconds: from a query that hits the cache to one that is about to be cut off.
const LATENCY_BUCKETS_S: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5];

/// How often measurements are folded into their buckets: until then each takes memory, and perhaps nobody ever reads the metrics.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Writes one line per event to standard error; `RUST_LOG` chooses what.
pub fn install_logs() {
    let filter =
        EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,sqlx::postgres::notice=warn"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(stderr)
        .with_ansi(stderr().is_terminal())
        .compact();
    // Fails only when a program that embeds this one has installed its own.
    let _ = logs.try_init();
}

/// The process's metrics, counted from the first call on.
///
/// `None` when a program that embeds this one counts them elsewhere.
#[must_use]
pub fn metrics() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE.get_or_init(install_metrics).clone()
}

fn install_metrics() -> Option<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &LATENCY_BUCKETS_S)
        .ok()?
        .install_recorder()
        .ok()?;
    let upkept = handle.clone();
    // A thread, since there may be no runtime yet. Should it not start, readers of the metrics do its work.
    let _ = thread::Builder::new().name("metrics".to_owned()).spawn(move || {
        loop {
            thread::sleep(UPKEEP_INTERVAL);
            upkept.run_upkeep();
        }
    });
    metrics::describe_gauge!("gantry_indexer_slot", "Last slot that is in the tables");
    metrics::describe_gauge!(
        "gantry_indexer_chain_slot",
        "Highest slot that the chain is known to have reached"
    );
    metrics::describe_gauge!(
        "gantry_indexer_lag_ms",
        "Milliseconds since the tables last held everything confirmed"
    );
    metrics::describe_gauge!("gantry_indexer_ready", "1 while answers are complete and recent");
    metrics::describe_counter!("gantry_indexer_slots_total", "Slots applied");
    metrics::describe_counter!("gantry_indexer_rows_total", "Rows written");
    metrics::describe_counter!(
        "gantry_indexer_dead_letters_total",
        "Accounts, events and transactions kept undecoded"
    );
    metrics::describe_counter!("gantry_indexer_reconnects_total", "Attempts that ended and began again");
    metrics::describe_counter!(
        "gantry_indexer_resyncs_total",
        "Times that missed slots were fetched over RPC"
    );
    metrics::describe_histogram!("gantry_indexer_apply_seconds", "From a confirmed slot to its commit");
    metrics::describe_histogram!("gantry_api_request_seconds", "Time to answer a request");
    for counter in ["rows", "dead_letters", "reconnects", "resyncs", "slots"] {
        metrics::counter!(format!("gantry_indexer_{counter}_total")).increment(0);
    }
    Some(handle)
}

/// Says in metrics and log what was committed.
pub(crate) fn count_changes(changes: &Changes) {
    metrics::counter!("gantry_indexer_rows_total").increment(changes.rows() as u64);
    metrics::counter!("gantry_indexer_dead_letters_total").increment(changes.dead_letters.len() as u64);
    for letter in &changes.dead_letters {
        tracing::error!(slot = letter.slot, kind = letter.kind.name(), reason = %letter.reason, "kept as a dead letter");
    }
}
