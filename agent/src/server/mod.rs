//! What tenants see: the requests of docs/PROTOCOL.md over HTTPS.

mod bundle;
mod connections;
mod follow;
mod health;
mod job;
mod logs;
mod problem;
mod receipts;
mod replay;
mod signed;

pub use problem::Problem;
pub use replay::{Replay, Seen};
pub use signed::{AuthError, Credentials};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    middleware::{self, Next},
    response::Response,
    routing::{get, post, put},
};
use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use std::{io, net::TcpListener, sync::Arc, time::Duration};

use connections::{Gate, MAX_CONNECTIONS};

use crate::{
    job::{Counters, Services},
    jobs::Jobs,
    tls::TlsIdentity,
};

/// How long a client may take for its TLS handshake, until its first byte, and to send a request's head.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// How long open requests may take when the agent stops.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// What every request can reach.
#[derive(Clone)]
pub struct ServerState {
    /// The node's jobs.
    pub jobs: Arc<Jobs>,
    /// The worlds outside.
    pub services: Arc<Services>,
    /// Signatures that were seen.
    pub replay: Arc<Replay>,
}

impl ServerState {
    /// For these jobs.
    #[must_use]
    pub fn new(jobs: Arc<Jobs>, services: Arc<Services>) -> Self {
        let replay = Arc::new(Replay::since(services.clock.unix_ms()));
        Self { jobs, services, replay }
    }
}

/// All routes.
pub fn router(state: ServerState) -> Router {
    Router::new()
        .route("/v1/jobs/{job}", get(job::status))
        .route("/v1/jobs/{job}/bundle", put(bundle::store))
        .route("/v1/jobs/{job}/start", post(job::start))
        .route("/v1/jobs/{job}/finish", post(job::finish))
        .route("/v1/jobs/{job}/logs", get(logs::stream))
        .route(
            "/v1/jobs/{job}/receipts",
            get(receipts::newest).post(receipts::countersign),
        )
        .route("/v1/jobs/{job}/results", get(job::results))
        .route("/healthz", get(health::health))
        .route("/metrics", get(health::metrics))
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(problem::no_such_method)
        // Each request says itself how much it takes.
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(state.clone(), count))
        .with_state(state)
}

async fn count(State(state): State<ServerState>, request: axum::extract::Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let response = next.run(request).await;
    let counters = &state.services.counters;
    Counters::count(&counters.requests);
    if response.status().is_client_error() || response.status().is_server_error() {
        Counters::count(&counters.requests_refused);
    }
    tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
    response
}

/// Serves until `handle` says to stop.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    tls: &TlsIdentity,
    state: ServerState,
    handle: Handle<std::net::SocketAddr>,
) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let mut server = axum_server::from_tcp_rustls(listener, tls.config.clone())?
        .map(|tls| Gate::new(tls.handshake_timeout(HEAD_PATIENCE), MAX_CONNECTIONS, HEAD_PATIENCE));
    server
        .http_builder()
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE);
    server
        .http_builder()
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(HEAD_PATIENCE));
    server.handle(handle).serve(router(state).into_make_service()).await
}

/// Lets open requests end for a moment, then stops.
pub fn stop(handle: &Handle<std::net::SocketAddr>) {
    handle.graceful_shutdown(Some(STOP_PATIENCE));
}
