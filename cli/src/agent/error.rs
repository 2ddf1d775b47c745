//! Why a request to the agent did not succeed.

use reqwest::StatusCode;

/// Why a request did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AgentError {
    /// No answer.
    #[error("the agent at {endpoint} does not answer: {reason}")]
    Away {
        /// Where it should be.
        endpoint: String,
        /// What happened.
        reason: String,
    },
    /// Another key than the one on chain.
    #[error(
        "the agent at {0} shows another TLS key than the one that its provider registered on chain; \
         it is not trusted, and nothing was sent to it"
    )]
    WrongKey(String),
    /// It answered that it will not.
    #[error("the agent refused: {detail} (HTTP {status})")]
    Refused {
        /// The status.
        status: StatusCode,
        /// In its words.
        detail: String,
    },
    /// It answered something else than the protocol says.
    #[error("the agent's answer is not as the protocol says: {0}")]
    Malformed(String),
}

impl AgentError {
    /// Whether the same request may succeed later: the agent restarts, or has not seen the job on chain yet.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Away { .. } => true,
            Self::Refused { status, .. } => {
                status.is_server_error()
                    || [
                        StatusCode::NOT_FOUND,
                        StatusCode::REQUEST_TIMEOUT,
                        StatusCode::TOO_EARLY,
                        StatusCode::TOO_MANY_REQUESTS,
                    ]
                    .contains(status)
            }
            Self::WrongKey(_) | Self::Malformed(_) => false,
        }
    }
}

/// The cause behind all wrappers, which is what a person can act on.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// The beginning of an answer that is no problem document.
pub(super) fn first_line(text: &str) -> String {
    text.lines()
        .next()
        .unwrap_or("no reason given")
        .chars()
        .take(200)
        .collect()
}
