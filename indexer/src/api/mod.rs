//! Questions about the mirror, answered over HTTP.
//!
//! Every answer says up to which slot it is complete. Amounts, slots and all other unsigned 64-bit integers of the chain are strings,
//! since JSON's readers would round them above 2^53. Times, durations and counts never get there and are numbers. Addresses and signatures are Base58, hashes hexadecimal, bytes Base64.

mod balances;
mod claims;
mod classes;
mod delegations;
mod devices;
mod envelope;
mod faults;
mod fees;
mod health;
mod jobs;
mod market;
mod nodes;
mod observe;
mod page;
mod problem;
mod proof;
mod providers;
mod records;
mod settlements;
mod stakes;
mod stats;
mod value;

use std::io;

use axum::{Router, http::Method, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use sqlx::PgPool;
use tokio::{net::TcpListener, sync::watch};
use tower_http::cors::{Any, CorsLayer};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

use crate::progress::Observer;

/// What the handlers share.
#[derive(Clone)]
pub struct ApiState {
    /// Read-only connections.
    pub readers: PgPool,
    /// How far the mirror is.
    pub observer: Observer,
    /// Milliseconds that it may be behind before `/readyz` says so.
    pub max_lag_ms: u64,
    /// The process's metrics, where this process counts them.
    pub metrics: Option<PrometheusHandle>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Gantry indexer",
        description = "Providers, nodes, jobs and payments of the Gantry network, mirrored from the chain.\n\n\
            Unsigned 64-bit integers of the chain (amounts, rates, slots, sequences) are strings; times, durations such as \
            `context.lag_ms`, and counts stay below 2^53 and are numbers. Rates are micro-atoms per second, amounts base units of their mint. \
            `context.slot` is the slot up to which an answer is complete; it may already contain parts of later ones."
    ),
    tags(
        (name = "market", description = "What is offered"),
        (name = "jobs", description = "What is rented and paid"),
        (name = "money", description = "Balances and bonds"),
        (name = "operations", description = "How the indexer is")
    )
)]
struct Document;

/// Serves the API until `stopped` turns true and requests under way are answered.
///
/// # Errors
/// When the socket fails.
pub async fn serve(listener: TcpListener, state: ApiState, mut stopped: watch::Receiver<bool>) -> io::Result<()> {
    axum::serve(listener, router(state))
        .with_graceful_shutdown(async move {
            // An error says that nobody can stop us any more, which is as good as being told to.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        })
        .await
}

/// The whole API.
pub fn router(state: ApiState) -> Router {
    let (router, document) = endpoints();
    let cors = CorsLayer::new().allow_origin(Any).allow_methods([Method::GET]);
    let documentation: Router<ApiState> = SwaggerUi::new("/docs").url("/openapi.json", document).into();
    router
        .merge(documentation.layer(middleware::from_fn(problem::instead_of_bare_absence)))
        .fallback(problem::no_such_resource)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(middleware::from_fn(observe::observe))
        .layer(cors)
        .with_state(state)
}

/// The API's description.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    endpoints().1
}

fn endpoints() -> (Router<ApiState>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(providers::list))
        .routes(routes!(providers::one))
        .routes(routes!(records::tenants))
        .routes(routes!(records::tenant))
        .routes(routes!(nodes::list))
        .routes(routes!(nodes::one))
        .routes(routes!(classes::list))
        .routes(routes!(devices::list))
        .routes(routes!(market::mints))
        .routes(routes!(market::config))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::one))
        .routes(routes!(settlements::settlements))
        .routes(routes!(settlements::receipts))
        .routes(routes!(proof::proof))
        .routes(routes!(claims::list))
        .routes(routes!(faults::list))
        .routes(routes!(balances::list))
        .routes(routes!(fees::shards))
        .routes(routes!(stakes::list))
        .routes(routes!(delegations::list))
        .routes(routes!(stats::stats))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
        .split_for_parts()
}
