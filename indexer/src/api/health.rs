//! How the indexer is.

use std::time::Duration;

use axum::{Json, extract::State, http::header::CONTENT_TYPE, response::IntoResponse};
use serde::Serialize;
use tokio::time::timeout;
use utoipa::ToSchema;

use super::{
    ApiState,
    envelope::{Context, One},
    problem::Problem,
};

/// How long the database may take to say that it is there.
const DATABASE_PATIENCE: Duration = Duration::from_secs(1);

/// Whether the process runs.
#[utoipa::path(get, path = "/livez", tag = "operations", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn livez() -> &'static str {
    "alive\n"
}

/// An indexer whose answers are complete and recent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Ready {
    /// Always true: otherwise the answer is a problem.
    pub ready: bool,
}

/// Whether answers are complete and recent.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, body = One<Ready>),
    (status = 503, description = "Behind, disconnected or resyncing; `detail` says which", body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn readyz(State(state): State<ApiState>) -> Result<Json<One<Ready>>, Problem> {
    let context: Context = state.context();
    state
        .observer
        .now()
        .ready(state.max_lag_ms)
        .map_err(|reason| Problem::not_ready(reason.to_string()))?;
    let asked = sqlx::query_scalar!(r#"SELECT TRUE AS "there!""#).fetch_one(&state.readers);
    timeout(DATABASE_PATIENCE, asked)
        .await
        .map_err(|_| Problem::too_slow())??;
    Ok(Json(One {
        data: Ready { ready: true },
        context,
    }))
}

/// Metrics in Prometheus's text format.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn metrics(State(state): State<ApiState>) -> Result<impl IntoResponse, Problem> {
    let handle = state
        .metrics
        .as_ref()
        .ok_or_else(|| Problem::not_ready("this process counts its metrics elsewhere".to_owned()))?;
    let progress = state.observer.now();
    // Gauges are exact up to 2^53.
    #[allow(clippy::cast_precision_loss)]
    {
        metrics::gauge!("gantry_indexer_slot").set(progress.slot.unwrap_or_default() as f64);
        metrics::gauge!("gantry_indexer_chain_slot").set(progress.chain_slot as f64);
        // Not a number while there is none: zero would say that all is well.
        metrics::gauge!("gantry_indexer_lag_ms").set(progress.lag_ms().map_or(f64::NAN, |lag_ms| lag_ms as f64));
    }
    metrics::gauge!("gantry_indexer_ready").set(if progress.ready(state.max_lag_ms).is_ok() {
        1.0
    } else {
        0.0
    });
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4")], handle.render()))
}
