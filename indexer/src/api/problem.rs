//! Failures, as RFC 9457 problem documents.

use axum::{
    Json,
    extract::{OriginalUri, Request},
    http::{HeaderValue, Method, StatusCode, header::CONTENT_TYPE},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

/// A failure (RFC 9457).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// Which kind of failure: stays the same where the words change.
    #[serde(rename = "type")]
    #[schema(examples("urn:gantry:problem:invalid-parameter"))]
    kind: &'static str,
    /// The kind in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong here, and what to do.
    detail: String,
}

/// How an endpoint may fail.
#[derive(IntoResponses)]
#[allow(dead_code)] // Described, never built: handlers return a `Problem`.
pub(super) enum Failures {
    /// A parameter is unknown, malformed or out of range.
    #[response(status = 400, content_type = "application/problem+json")]
    InvalidParameter(Problem),
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
    /// The indexer or its database is at fault.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Problem),
    /// The database does not answer, or not in time.
    #[response(status = 503, content_type = "application/problem+json")]
    Unavailable(Problem),
}

impl Problem {
    /// A parameter is wrong.
    pub(super) fn invalid_parameter(detail: impl Into<String>) -> Self {
        Self {
            kind: "urn:gantry:problem:invalid-parameter",
            title: "A parameter is not valid",
            status: StatusCode::BAD_REQUEST.as_u16(),
            detail: detail.into(),
        }
    }

    /// The thing asked for does not exist, or not yet.
    pub(super) fn not_found(what: &str) -> Self {
        Self {
            kind: "urn:gantry:problem:not-found",
            title: "There is no such thing",
            status: StatusCode::NOT_FOUND.as_u16(),
            detail: format!("no {what} has this address; it may be newer than the slot that the indexer has reached"),
        }
    }

    /// The mirror is not up to date.
    pub(super) fn not_ready(detail: String) -> Self {
        Self {
            kind: "urn:gantry:problem:not-ready",
            title: "Answers may be incomplete or old",
            status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
            detail,
        }
    }

    /// No answer in time.
    pub(super) fn too_slow() -> Self {
        Self {
            kind: "urn:gantry:problem:too-slow",
            title: "The answer took too long",
            status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
            detail: "the query was cut off; narrow it by filters, or try again later".to_owned(),
        }
    }

    fn database_away() -> Self {
        Self {
            kind: "urn:gantry:problem:database-away",
            title: "The database does not answer",
            status: StatusCode::SERVICE_UNAVAILABLE.as_u16(),
            detail: "try again later".to_owned(),
        }
    }

    fn failed() -> Self {
        Self {
            kind: "urn:gantry:problem:failed",
            title: "The indexer failed",
            status: StatusCode::INTERNAL_SERVER_ERROR.as_u16(),
            detail: "this is a fault of the indexer or its database; its log says more".to_owned(),
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        /// Postgres's code for a query that its own timeout ended.
        const QUERY_CANCELED: &str = "57014";
        let code = error
            .as_database_error()
            .and_then(|error| error.code().map(|code| code.into_owned()));
        if code.as_deref() == Some(QUERY_CANCELED) {
            tracing::warn!(%error, "a query of the API was cut off");
            Self::too_slow()
        } else if is_away(&error, code.as_deref()) {
            tracing::warn!(%error, "the API cannot reach the database");
            Self::database_away()
        } else {
            tracing::error!(%error, "a query of the API failed");
            Self::failed()
        }
    }
}

/// Whether there is no connection to ask over, so that the same question may succeed later.
fn is_away(error: &sqlx::Error, code: Option<&str>) -> bool {
    // Connection lost, not let in, no such database, no connection left, shutting down or starting.
    const CLASSES: [&str; 5] = ["08", "28", "3D", "53", "57"];
    match code {
        Some(code) => CLASSES.iter().any(|class| code.starts_with(class)),
        None => matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        ),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// Around routes of others, whose 404 says nothing.
pub(super) async fn instead_of_bare_absence(uri: OriginalUri, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        return no_such_resource(uri).await.into_response();
    }
    response
}

pub(super) async fn no_such_resource(OriginalUri(uri): OriginalUri) -> Problem {
    Problem {
        kind: "urn:gantry:problem:no-such-resource",
        title: "There is no such resource",
        status: StatusCode::NOT_FOUND.as_u16(),
        detail: format!("{} is not part of this API; /docs lists what is", uri.path()),
    }
}

pub(super) async fn method_not_allowed(method: Method, OriginalUri(uri): OriginalUri) -> Problem {
    Problem {
        kind: "urn:gantry:problem:method-not-allowed",
        title: "This method is not allowed",
        status: StatusCode::METHOD_NOT_ALLOWED.as_u16(),
        detail: format!(
            "{} cannot be called with {method}; this API is read with GET",
            uri.path()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_missing_connection_is_called_a_database_that_is_away() {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        for away in [
            sqlx::Error::Io(refused),
            sqlx::Error::PoolTimedOut,
            sqlx::Error::PoolClosed,
        ] {
            assert_eq!(Problem::from(away), Problem::database_away());
        }
        for fault in [
            sqlx::Error::RowNotFound,
            sqlx::Error::ColumnNotFound("owed".to_owned()),
            sqlx::Error::Protocol("a message out of turn".to_owned()),
        ] {
            assert_eq!(Problem::from(fault), Problem::failed());
        }
    }
}
