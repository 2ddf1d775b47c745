//! Errors as RFC 9457 problem documents.

use axum::{
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use gantry_sdk::wire;

use crate::{chain::ChainError, job::Refusal, receipts::LogError, server::AuthError};

/// A refusal with its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The status.
    pub status: StatusCode,
    /// What happened and what to do.
    pub detail: String,
}

impl Problem {
    /// A refusal.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
        }
    }

    /// A failure of this machine; the cause goes to the agent's own log.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the agent failed; its provider's log says why",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error").to_owned();
        let document = wire::Problem {
            title,
            status: self.status.as_u16(),
            detail: self.detail,
        };
        let body = serde_json::to_vec(&document).unwrap_or_default();
        let kind = HeaderValue::from_static("application/problem+json");
        (self.status, [(CONTENT_TYPE, kind)], body).into_response()
    }
}

impl From<AuthError> for Problem {
    fn from(error: AuthError) -> Self {
        let status = match &error {
            AuthError::BodyHash => StatusCode::BAD_REQUEST,
            AuthError::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            // Passes by itself, also for a tenant whose clock is a little behind.
            AuthError::BeforeStart => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::UNAUTHORIZED,
        };
        Self::new(status, error.to_string())
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Conflict(_) => StatusCode::CONFLICT,
            Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        };
        Self::new(status, refusal.to_string())
    }
}

impl From<ChainError> for Problem {
    fn from(error: ChainError) -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            format!("the agent cannot ask the chain: {error}"),
        )
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Unknown => Self::new(StatusCode::CONFLICT, error.to_string()),
            LogError::Signature(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()),
            other => Self::internal(other),
        }
    }
}

pub(super) async fn no_such_path() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "there is nothing here; docs/PROTOCOL.md lists the agent's requests",
    )
}

pub(super) async fn no_such_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "this path is not asked with this method; see docs/PROTOCOL.md",
    )
}
