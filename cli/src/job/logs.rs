//! The workload's output, followed until it has ended.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use gantry_sdk::wire::{Exit, LogRecord};

use crate::{
    agent::{Agent, AgentError},
    failure::Failure,
};

/// Pause before a log that broke off is asked for again.
const PAUSE: Duration = Duration::from_millis(300);

/// Hands the output from byte `from` on to `write`, each byte once, over as many connections as it takes. Returns how it ended.
pub(crate) async fn follow<W: FnMut(&[u8])>(agent: &Agent, from: u64, mut write: W) -> Result<Exit, Failure> {
    let mut next = from;
    loop {
        let mut ended = None;
        let outcome = agent
            .follow_logs(next, |record| match record {
                LogRecord::Output { offset, data } => {
                    let Ok(bytes) = BASE64.decode(&data) else { return false };
                    // A connection may repeat what an earlier one delivered.
                    let known = usize::try_from(next.saturating_sub(offset)).unwrap_or(usize::MAX);
                    if let Some(fresh) = bytes.get(known..) {
                        write(fresh);
                        next = next.max(offset + bytes.len() as u64);
                    }
                    false
                }
                LogRecord::End { exit } => {
                    ended = Some(exit);
                    true
                }
            })
            .await;
        if let Some(exit) = ended {
            return Ok(exit);
        }
        match outcome {
            Err(error @ AgentError::WrongKey(_)) => return Err(Failure::Provider(error.to_string())),
            Err(error) => tracing::debug!(%error, "asking for the log again"),
            Ok(()) => {}
        }
        tokio::time::sleep(PAUSE).await;
    }
}
