//! `/healthz` and `/metrics`: how the agent is, for whoever watches over it.

use axum::{Json, extract::State, http::header::CONTENT_TYPE, response::IntoResponse};
use serde_json::{Value, json};
use std::{
    fmt::Write,
    sync::atomic::{AtomicU64, Ordering},
};

use super::ServerState;

/// Alive, and what it serves.
pub(super) async fn health(State(state): State<ServerState>) -> Json<Value> {
    let (used, all) = state.services.slots.used();
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "simulated": state.services.gpus.simulated(),
        "gpus": all,
        "gpus_in_use": used,
        "jobs": state.jobs.all().len(),
    }))
}

/// Prometheus text.
pub(super) async fn metrics(State(state): State<ServerState>) -> impl IntoResponse {
    let counters = &state.services.counters;
    let counted: [(&str, &str, &AtomicU64); 10] = [
        ("receipts_signed", "Receipts signed.", &counters.receipts_signed),
        (
            "receipts_countersigned",
            "Receipts that tenants signed too.",
            &counters.receipts_countersigned,
        ),
        ("settlements", "Settlements confirmed on chain.", &counters.settlements),
        (
            "settlements_failed",
            "Settlements that failed and are tried again.",
            &counters.settlements_failed,
        ),
        ("claims", "Claims against silent tenants.", &counters.claims),
        ("jobs_started", "Jobs started on chain.", &counters.jobs_started),
        ("jobs_closed", "Jobs that ended on chain.", &counters.jobs_closed),
        ("requests", "Requests answered.", &counters.requests),
        ("requests_refused", "Requests refused.", &counters.requests_refused),
        ("heartbeats", "Heartbeats confirmed on chain.", &counters.heartbeats),
    ];
    let (used, all) = state.services.slots.used();
    let simulated = u8::from(state.services.gpus.simulated());
    let mut text = String::new();
    for (name, help, counter) in counted {
        let value = counter.load(Ordering::Relaxed);
        let name = format!("gantry_agent_{name}_total");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
    }
    let gauges = [
        ("gpus", "GPUs of this node.", all),
        ("gpus_in_use", "GPUs that jobs hold.", used),
        ("jobs", "Jobs that the agent knows.", state.jobs.all().len()),
    ];
    for (name, help, value) in gauges {
        let name = format!("gantry_agent_{name}");
        let _ = writeln!(
            text,
            "# HELP {name} {help}\n# TYPE {name} gauge\n{name}{{simulated=\"{simulated}\"}} {value}"
        );
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text)
}
