//! One method per request of docs/PROTOCOL.md.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use futures::StreamExt as _;
use gantry_sdk::wire::{Countersignature, JobStatus, LogRecord, MAX_RECEIPT_WAIT_MS, SignedReceipt, StartRequest};
use reqwest::{Body, Method, Response, StatusCode};
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
/// Slowest transfer that is waited for: below this, an agent that trickles could hold the tenant for ever.
const SLOWEST_BYTES_PER_S: u64 = 64 * 1024;
/// Longest record of the log, a line of JSON: the agent sends 32 KiB of output at a time, as base64.
const MAX_RECORD_BYTES: usize = 1 << 20;
/// Longest answer that is read as a whole; those of the protocol have a few hundred bytes.
const MAX_ANSWER_BYTES: usize = 256 << 10;

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
        self.parse(response).await.map(Some)
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
            if pending.len() > MAX_RECORD_BYTES && !pending.contains(&b'\n') {
                let most = MAX_RECORD_BYTES >> 20;
                return Err(AgentError::Malformed(format!(
                    "a record of its log is longer than {most} MiB"
                )));
            }
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
        let (began, mut received_bytes) = (Instant::now(), 0_u64);
        loop {
            let stalled = |_| AgentError::Away {
                endpoint: self.endpoint.clone(),
                reason: "the results broke off".into(),
            };
            let Some(chunk) = timeout(STALL, stream.next()).await.map_err(stalled)? else {
                break;
            };
            let chunk = chunk.map_err(|error| self.transport(&error))?;
            received_bytes = received_bytes.saturating_add(chunk.len() as u64);
            require_bounded(received_bytes, began.elapsed())?;
            file.write_all(&chunk).await.map_err(unwritable)?;
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
        self.parse(response).await
    }

    async fn parse<T: DeserializeOwned>(&self, response: Response) -> Result<T, AgentError> {
        let bytes = self.whole(response).await?;
        serde_json::from_slice(&bytes).map_err(|error| AgentError::Malformed(error.to_string()))
    }

    /// The whole of a short answer.
    pub(super) async fn whole(&self, response: Response) -> Result<Vec<u8>, AgentError> {
        let (mut stream, mut bytes) = (response.bytes_stream(), Vec::new());
        while let Some(chunk) = stream.next().await {
            bytes.extend_from_slice(&chunk.map_err(|error| self.transport(&error))?);
            if bytes.len() > MAX_ANSWER_BYTES {
                let most = MAX_ANSWER_BYTES >> 10;
                return Err(AgentError::Malformed(format!("it is longer than {most} KiB")));
            }
        }
        Ok(bytes)
    }
}

/// Refuses results that are larger than what would be unpacked of them, or that trickle.
fn require_bounded(received_bytes: u64, elapsed: Duration) -> Result<(), AgentError> {
    if received_bytes > archive::MAX_UNPACKED_BYTES {
        let most = archive::MAX_UNPACKED_BYTES >> 30;
        return Err(AgentError::Malformed(format!("the results are larger than {most} GiB")));
    }
    if elapsed > STALL + Duration::from_secs(received_bytes / SLOWEST_BYTES_PER_S) {
        let least = SLOWEST_BYTES_PER_S >> 10;
        return Err(AgentError::Malformed(format!(
            "the results come in slower than {least} KiB/s"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::impostor::Impostor;
    use gantry_sdk::{Keypair, Pubkey};

    async fn asked(body: String) -> (Agent, Impostor) {
        let server = Impostor::start("200 OK", body);
        let (job, patience) = (Pubkey::new_from_array([1; 32]), Duration::from_secs(60));
        let agent = Agent::new(&server.endpoint, server.key_hash, job, &Keypair::new(), patience).unwrap();
        (agent, server)
    }

    #[tokio::test]
    async fn a_log_record_without_end_is_not_collected() {
        let (agent, _server) = asked("x".repeat(2 * MAX_RECORD_BYTES)).await;
        let outcome = agent.follow_logs(0, async |_| Some(())).await;
        assert_eq!(
            outcome.unwrap_err().to_string(),
            "the agent's answer is not as the protocol says: a record of its log is longer than 1 MiB"
        );
    }

    #[tokio::test]
    async fn an_answer_without_end_is_not_collected() {
        let (agent, _server) = asked("1".repeat(2 * MAX_ANSWER_BYTES)).await;
        for outcome in [agent.status().await.map(drop), agent.receipt(0).await.map(drop)] {
            assert_eq!(
                outcome.unwrap_err().to_string(),
                "the agent's answer is not as the protocol says: it is longer than 256 KiB"
            );
        }
    }

    #[test]
    fn results_that_are_endless_or_trickle_are_given_up() {
        let minute = Duration::from_secs(60);
        assert!(require_bounded(0, STALL).is_ok());
        assert!(require_bounded(30 * SLOWEST_BYTES_PER_S, minute).is_ok());
        let trickle = require_bounded(29 * SLOWEST_BYTES_PER_S, minute).unwrap_err();
        assert!(trickle.to_string().ends_with("slower than 64 KiB/s"), "{trickle}");
        let endless = require_bounded(archive::MAX_UNPACKED_BYTES + 1, STALL).unwrap_err();
        assert!(endless.to_string().ends_with("larger than 64 GiB"), "{endless}");
    }
}
