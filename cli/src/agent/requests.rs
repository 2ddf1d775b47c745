//! One method per request of docs/PROTOCOL.md.

use std::{path::Path, time::Duration};

use futures::StreamExt as _;
use gantry_sdk::wire::{Countersignature, JobStatus, LogRecord, MAX_RECEIPT_WAIT_MS, SignedReceipt, StartRequest};
use reqwest::{Body, Method, StatusCode};
use serde::de::DeserializeOwned;
use tokio::{fs::File, io::AsyncWriteExt as _, time::timeout};

use super::{Agent, AgentError, Content};
use crate::archive;

/// Longest wait for an answer that needs no work.
const SHORT: Duration = Duration::from_secs(10);
/// Longest wait for a start, which the agent confirms on chain before it answers.
const START: Duration = Duration::from_secs(45);
/// Longest pause within a transfer.
const STALL: Duration = Duration::from_secs(30);
/// Slowest upload that is waited for.
const SLOWEST_BYTES_PER_S: u64 = 64 * 1024;

impl Agent {
    /// Sends the bundle.
    pub(crate) async fn upload(&self, bundle: &Path) -> Result<(), AgentError> {
        let unreadable =
            |error: &dyn std::fmt::Display| AgentError::Malformed(format!("cannot read {}: {error}", bundle.display()));
        let hash = archive::hash(bundle).map_err(|error| unreadable(&error))?;
        let file = File::open(bundle).await.map_err(|error| unreadable(&error))?;
        let bytes = file.metadata().await.map_err(|error| unreadable(&error))?.len();
        let content = Content {
            body: Body::from(file),
            hash,
            kind: Some("application/gzip"),
        };
        let longest = STALL + Duration::from_secs(bytes / SLOWEST_BYTES_PER_S);
        tracing::debug!(bytes, "uploading the bundle");
        self.send(Method::PUT, "/bundle", content, Some(longest))
            .await
            .map(drop)
    }

    /// Asks for the start.
    pub(crate) async fn start(&self, request: &StartRequest) -> Result<(), AgentError> {
        self.send(Method::POST, "/start", Content::json(request)?, Some(START))
            .await
            .map(drop)
    }

    /// How far the job is.
    pub(crate) async fn status(&self) -> Result<JobStatus, AgentError> {
        self.read(Method::GET, "", Content::none()).await
    }

    /// Ends the workload if it still runs.
    pub(crate) async fn finish(&self) -> Result<(), AgentError> {
        self.send(Method::POST, "/finish", Content::none(), Some(SHORT))
            .await
            .map(drop)
    }

    /// The newest receipt with a sequence above `after`, or `None` when none came in time.
    pub(crate) async fn receipt(&self, after: u64) -> Result<Option<SignedReceipt>, AgentError> {
        let wait_ms = self.receipt_wait.as_millis().min(u128::from(MAX_RECEIPT_WAIT_MS));
        let below_job = format!("/receipts?after={after}&wait_ms={wait_ms}");
        let response = self
            .send(
                Method::GET,
                &below_job,
                Content::none(),
                Some(self.receipt_wait + SHORT),
            )
            .await?;
        if response.status() == StatusCode::NO_CONTENT {
            return Ok(None);
        }
        response
            .json()
            .await
            .map(Some)
            .map_err(|error| AgentError::Malformed(error.to_string()))
    }

    /// Hands over the tenant's signature.
    pub(crate) async fn countersign(&self, signature: &Countersignature) -> Result<(), AgentError> {
        self.send(Method::POST, "/receipts", Content::json(signature)?, Some(SHORT))
            .await
            .map(drop)
    }

    /// Hands each log record from byte `from` on to `take`, until `take` returns something. While it is busy nothing more is read, so
    /// that the agent keeps what nobody has room for.
    pub(crate) async fn follow_logs<T, F: AsyncFnMut(LogRecord) -> Option<T>>(
        &self,
        from: u64,
        mut take: F,
    ) -> Result<T, AgentError> {
        let response = self
            .send(Method::GET, &format!("/logs?from={from}"), Content::none(), None)
            .await?;
        let mut stream = response.bytes_stream();
        let mut pending = Vec::new();
        while let Some(chunk) = stream.next().await {
            pending.extend_from_slice(&chunk.map_err(|error| self.transport(&error))?);
            self.heard();
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                if line.trim_ascii().is_empty() {
                    continue;
                }
                let record = serde_json::from_slice(&line).map_err(|error| AgentError::Malformed(error.to_string()))?;
                if let Some(last) = take(record).await {
                    return Ok(last);
                }
            }
        }
        Err(AgentError::Away {
            endpoint: self.endpoint.clone(),
            reason: "the log broke off".into(),
        })
    }

    /// Writes the results' archive to `archive`.
    pub(crate) async fn results(&self, archive: &Path) -> Result<(), AgentError> {
        let unwritable =
            |error: std::io::Error| AgentError::Malformed(format!("cannot write {}: {error}", archive.display()));
        let response = match self.send(Method::GET, "/results", Content::none(), None).await {
            // The agent says so until it has noted the workload's end, of which the final receipt tells a moment earlier.
            Err(AgentError::Refused {
                status: StatusCode::CONFLICT,
                detail,
            }) => {
                return Err(AgentError::Away {
                    endpoint: self.endpoint.clone(),
                    reason: detail,
                });
            }
            answer => answer?,
        };
        let mut stream = response.bytes_stream();
        let mut file = File::create(archive).await.map_err(unwritable)?;
        loop {
            let stalled = |_| AgentError::Away {
                endpoint: self.endpoint.clone(),
                reason: "the results broke off".into(),
            };
            let Some(chunk) = timeout(STALL, stream.next()).await.map_err(stalled)? else {
                break;
            };
            file.write_all(&chunk.map_err(|error| self.transport(&error))?)
                .await
                .map_err(unwritable)?;
            self.heard();
        }
        file.flush().await.map_err(unwritable)
    }

    async fn read<T: DeserializeOwned>(
        &self,
        method: Method,
        below_job: &str,
        content: Content,
    ) -> Result<T, AgentError> {
        let response = self.send(method, below_job, content, Some(SHORT)).await?;
        response
            .json()
            .await
            .map_err(|error| AgentError::Malformed(error.to_string()))
    }
}
