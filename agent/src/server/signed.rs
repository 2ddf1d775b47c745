//! Who sends a request: the holder of the job's session key, and nobody else.

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, StatusCode, request::Parts},
};
use gantry_sdk::{
    Pubkey, Signature,
    wire::{self, HEADER_BODY, HEADER_SIGNATURE, HEADER_TIME, MAX_CLOCK_SKEW_MS, sha256},
};
use std::{collections::HashMap, str::FromStr, sync::Arc};

use super::{Problem, Replay, Seen, ServerState};
use crate::job::JobHandle;

/// Largest body of a request that is not a bundle: a command with its environment.
const MAX_BODY_BYTES: usize = 64 << 10;

/// Why a request is not taken for the tenant's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// A header is missing or not of its form.
    #[error("the header {0} is missing or malformed; sign requests as docs/PROTOCOL.md says")]
    Header(&'static str),
    /// The time is too far from the agent's.
    #[error(
        "the request's time is {0} ms away from the agent's clock; set the clock, at most {MAX_CLOCK_SKEW_MS} ms are allowed"
    )]
    Time(i64),
    /// The signature does not fit.
    #[error("the signature is not the job's session key's over this request")]
    Signature,
    /// The signature was seen before.
    #[error("this very request was answered before; sign it anew with the current time")]
    Replayed,
    /// The request is older than this agent's memory of requests.
    #[error(
        "the request was signed before the agent started, so it may have been answered before; sign it anew, or set the clock"
    )]
    BeforeStart,
    /// The body is another one.
    #[error("the body is not the one whose hash was signed")]
    BodyHash,
    /// Too many requests of one job.
    #[error("the job sends too many requests; slow down")]
    TooManyRequests,
}

/// What the headers claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// When it was signed.
    pub time_ms: i64,
    /// Hash of the body.
    pub body_hash: [u8; 32],
    /// By the session key.
    pub signature: Signature,
}

fn header<T: FromStr>(headers: &HeaderMap, name: &'static str) -> Result<T, AuthError> {
    let text = headers.get(name).and_then(|value| value.to_str().ok());
    text.and_then(|text| text.parse().ok()).ok_or(AuthError::Header(name))
}

impl Credentials {
    /// Reads the three headers.
    ///
    /// # Errors
    /// [`AuthError::Header`].
    pub fn read(headers: &HeaderMap) -> Result<Self, AuthError> {
        let hash: String = header(headers, HEADER_BODY)?;
        let mut body_hash = [0; 32];
        hex::decode_to_slice(hash, &mut body_hash).map_err(|_| AuthError::Header(HEADER_BODY))?;
        let (time_ms, signature) = (header(headers, HEADER_TIME)?, header(headers, HEADER_SIGNATURE)?);
        Ok(Self {
            time_ms,
            body_hash,
            signature,
        })
    }

    /// Checks the time alone: cheap, and before anything is looked up.
    ///
    /// # Errors
    /// [`AuthError::Time`].
    pub fn check_time(&self, now_ms: i64) -> Result<(), AuthError> {
        let away = self.time_ms.saturating_sub(now_ms);
        if away.saturating_abs() > MAX_CLOCK_SKEW_MS {
            Err(AuthError::Time(away))
        } else {
            Ok(())
        }
    }

    /// Checks the signature, and that it is used for the first time.
    ///
    /// # Errors
    /// [`AuthError`].
    pub fn check(
        &self,
        (job, session_key): (&Pubkey, &Pubkey),
        (method, path_and_query): (&str, &str),
        replay: &Replay,
        now_ms: i64,
    ) -> Result<(), AuthError> {
        self.check_time(now_ms)?;
        let request = wire::Request {
            job,
            method,
            path_and_query,
            time_ms: self.time_ms,
            body_hash: &self.body_hash,
        };
        if !request.is_signed_by(session_key, &self.signature) {
            return Err(AuthError::Signature);
        }
        match replay.remember(*job, self.time_ms, *self.signature.as_array(), now_ms) {
            Seen::Never => Ok(()),
            Seen::Before => Err(AuthError::Replayed),
            Seen::TooMany => Err(AuthError::TooManyRequests),
            Seen::Unknown => Err(AuthError::BeforeStart),
        }
    }
}

/// The tenant of a job, and the hash of the body that it signed.
async fn tenant(parts: &mut Parts, state: &ServerState) -> Result<(Arc<JobHandle>, [u8; 32]), Problem> {
    let credentials = Credentials::read(&parts.headers)?;
    credentials.check_time(state.services.clock.unix_ms())?;
    let no_job = || {
        Problem::new(
            StatusCode::NOT_FOUND,
            "there is no such job on this node, or the chain has not confirmed it yet",
        )
    };
    let path = Path::<HashMap<String, String>>::from_request_parts(parts, state)
        .await
        .map_err(|_| no_job())?;
    let address = path.get("job").and_then(|job| job.parse().ok()).ok_or_else(no_job)?;
    let job = state.jobs.load(address).await?.ok_or_else(no_job)?;
    let path_and_query = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let who = (&address, &job.account().session_key);
    credentials.check(
        who,
        (parts.method.as_str(), path_and_query),
        &state.replay,
        state.services.clock.unix_ms(),
    )?;
    Ok((job, credentials.body_hash))
}

/// A request of the tenant with a small body, or none.
pub(super) struct Signed {
    /// Its job.
    pub(super) job: Arc<JobHandle>,
    /// The body.
    pub(super) body: Bytes,
}

impl FromRequest<ServerState> for Signed {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ServerState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let (job, body_hash) = tenant(&mut parts, state).await?;
        let too_large = |_| {
            let detail = format!("the body is longer than {MAX_BODY_BYTES} bytes, or was cut off");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        };
        let body = to_bytes(body, MAX_BODY_BYTES).await.map_err(too_large)?;
        if sha256(&body) != body_hash {
            return Err(AuthError::BodyHash.into());
        }
        Ok(Self { job, body })
    }
}

/// A request of the tenant whose body is still to be read, and to be compared with the hash.
pub(super) struct SignedStream {
    /// Its job.
    pub(super) job: Arc<JobHandle>,
    /// What the body must hash to.
    pub(super) body_hash: [u8; 32],
    /// The body.
    pub(super) body: Body,
}

impl FromRequest<ServerState> for SignedStream {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ServerState) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let (job, body_hash) = tenant(&mut parts, state).await?;
        Ok(Self { job, body_hash, body })
    }
}
