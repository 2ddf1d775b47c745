//! The workload's output, followed until it has ended.

use std::{
    cell::Cell,
    pin::pin,
    time::{Duration, Instant},
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use gantry_sdk::wire::{Exit, LogRecord};

use crate::{
    agent::{Agent, AgentError},
    failure::Failure,
    progress::{Progress, Stream},
};

/// Pause before a log that broke off is asked for again.
const PAUSE: Duration = Duration::from_millis(300);
/// How long the rest of a log may not move on, once the job has ended, before it counts as all there is.
const STILL: Duration = Duration::from_secs(5);

/// The workload's output on its way to whoever reads it.
#[derive(Debug)]
pub(crate) struct Log<'a> {
    progress: &'a Progress,
    /// None: it is followed for its end alone.
    shown_on: Option<Stream>,
    /// The first byte that was not handed on yet.
    next: Cell<u64>,
    has_ended: Cell<bool>,
}

impl<'a> Log<'a> {
    /// The output from byte `from` on.
    pub(crate) fn new(progress: &'a Progress, shown_on: Option<Stream>, from: u64) -> Self {
        Self {
            progress,
            shown_on,
            next: Cell::new(from),
            has_ended: Cell::new(false),
        }
    }

    /// Hands the output on, each byte once, over as many connections as it takes. Returns how the workload ended.
    pub(crate) async fn follow(&self, agent: &Agent) -> Result<Exit, Failure> {
        loop {
            match agent
                .follow_logs(self.next.get(), async |record| self.take(record).await)
                .await
            {
                Ok(exit) => {
                    self.has_ended.set(true);
                    return Ok(exit);
                }
                Err(error @ AgentError::WrongKey(_)) => return Err(Failure::Provider(error.to_string())),
                Err(error) => tracing::debug!(%error, "asking for the log again"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Hands on what is left once the job has ended: a reader that paused must not have held up receipts, and loses nothing by it.
    pub(crate) async fn finish(&self, agent: &Agent) {
        if self.shown_on.is_none() || self.has_ended.get() {
            return;
        }
        let mut rest = pin!(self.follow(agent));
        let mut moved = (self.next.get(), Instant::now());
        while self.progress.has_reader() {
            tokio::select! {
                _ = &mut rest => return,
                () = tokio::time::sleep(PAUSE) => {}
            }
            if self.progress.waits() || self.next.get() != moved.0 {
                moved = (self.next.get(), Instant::now());
            } else if moved.1.elapsed() > STILL {
                return;
            }
        }
    }

    /// Whether a reader that pauses holds the output up.
    pub(crate) fn waits(&self) -> bool {
        self.progress.waits()
    }

    async fn take(&self, record: LogRecord) -> Option<Exit> {
        match record {
            LogRecord::Output { offset, data } => {
                let bytes = BASE64.decode(&data).ok()?;
                // A connection may repeat what an earlier one delivered.
                let known = usize::try_from(self.next.get().saturating_sub(offset)).unwrap_or(usize::MAX);
                if let (Some(fresh), Some(stream)) = (bytes.get(known..), self.shown_on) {
                    self.progress.workload_output(fresh, stream).await;
                }
                let end = offset.saturating_add(bytes.len() as u64);
                self.next.set(self.next.get().max(end));
                None
            }
            LogRecord::End { exit } => Some(exit),
        }
    }
}
