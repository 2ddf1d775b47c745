//! Around every request: a limit to how long it may take, and a measurement.

use std::time::{Duration, Instant};

use axum::{
    extract::{MatchedPath, Request},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::time::timeout;

use super::problem::Problem;

/// Longer than a query may take, shorter than a caller would wait.
const LIMIT: Duration = Duration::from_secs(5);

pub(super) async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    // The route, not the path: addresses would make a series of metrics each.
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("none", MatchedPath::as_str)
        .to_owned();
    let response = match timeout(LIMIT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::too_slow().into_response(),
    };
    let status = response.status().as_u16().to_string();
    metrics::histogram!("gantry_api_request_seconds", "route" => route, "status" => status)
        .record(started.elapsed().as_secs_f64());
    response
}
