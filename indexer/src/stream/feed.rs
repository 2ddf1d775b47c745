//! One connection's confirmed slots, one after the other.

use std::{collections::VecDeque, time::Duration};

use futures::{FutureExt as _, StreamExt as _};
use tokio::time::{Instant, timeout_at};
use yellowstone_grpc_client::{GeyserStream, SubscribeRequestSink};
use yellowstone_grpc_proto::{
    prelude::{SubscribeUpdate, subscribe_update::UpdateOneof},
    tonic::{Code, Status},
};

use super::{assembler::Assembler, convert::Incomplete};
use crate::apply::Slot;

/// Why a connection gives no more slots.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
    /// The service does not answer.
    #[error("the Yellowstone service at {url} cannot be reached: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// The service no longer keeps the slot that was asked for, or keeps none at all.
    #[error("the Yellowstone service does not keep the slots after the checkpoint: {0}")]
    TooOld(String),
    /// The connection ended.
    #[error("the Yellowstone stream ended: {0}")]
    Ended(String),
    /// No slot came, though perhaps pings: a chain is never that quiet.
    #[error("the Yellowstone stream brought nothing for {} s", .0.as_secs())]
    Silent(Duration),
    /// A message cannot be used.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
}

impl From<Status> for StreamError {
    fn from(status: Status) -> Self {
        let message = status.message();
        if status.code() == Code::OutOfRange || refuses_replay(message) {
            return Self::TooOld(message.to_owned());
        }
        Self::Ended(format!("{:?}: {message}", status.code()))
    }
}

/// Whether a server says that it cannot replay from the slot that was asked for. There is no code of its own for it: Dragon's Mouth
/// calls it an internal error, so that only the words tell, and without them the same would be asked for ever.
fn refuses_replay(message: &str) -> bool {
    message.contains("from_slot is not supported")
        || (message.contains("broadcast from") && message.contains("is not available"))
}

/// A subscription.
pub struct Feed {
    // Dropping it would close our half of the stream, which some servers take for the end.
    _requests: SubscribeRequestSink,
    updates: GeyserStream,
    assembler: Assembler,
    whole: VecDeque<Slot>,
    whole_bytes: usize,
    silence_limit: Duration,
    /// When the current wait for news becomes a failure.
    deadline: Option<Instant>,
    /// What the connection failed with behind slots that were still whole.
    failure: Option<StreamError>,
}

impl Feed {
    pub(super) fn new(requests: SubscribeRequestSink, updates: GeyserStream, silence_limit: Duration) -> Self {
        Self {
            _requests: requests,
            updates,
            assembler: Assembler::default(),
            whole: VecDeque::new(),
            whole_bytes: 0,
            silence_limit,
            deadline: None,
            failure: None,
        }
    }

    /// The next confirmed slot. May be dropped while it waits; nothing is lost.
    ///
    /// # Errors
    /// [`StreamError`] when the connection gives no more.
    pub async fn next(&mut self) -> Result<Slot, StreamError> {
        loop {
            if let Some(slot) = self.pop() {
                return Ok(slot);
            }
            self.read().await?;
        }
    }

    /// A slot that is already here. A failure of the connection is kept for the next read.
    pub fn next_ready(&mut self) -> Option<Slot> {
        while self.whole.is_empty() && self.failure.is_none() {
            let update = self.updates.next().now_or_never()?;
            if let Err(failure) = self.take(update) {
                self.failure = Some(failure);
            }
        }
        self.pop()
    }

    /// Reads one update into the buffer. May be dropped while it waits; nothing is lost.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn read(&mut self) -> Result<(), StreamError> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let deadline = *self.deadline.get_or_insert_with(|| Instant::now() + self.silence_limit);
        let update = timeout_at(deadline, self.updates.next()).await;
        self.take(update.map_err(|_| StreamError::Silent(self.silence_limit))?)
    }

    /// Bytes of whole slots that wait to be taken.
    #[must_use]
    pub fn waiting_bytes(&self) -> usize {
        self.whole_bytes
    }

    /// The highest slot that the service spoke of.
    #[must_use]
    pub fn highest_seen(&self) -> u64 {
        self.assembler.highest_seen()
    }

    fn pop(&mut self) -> Option<Slot> {
        let slot = self.whole.pop_front()?;
        self.whole_bytes = self.whole_bytes.saturating_sub(slot.size_bytes());
        Some(slot)
    }

    fn take(&mut self, update: Option<Result<SubscribeUpdate, Status>>) -> Result<(), StreamError> {
        let update = update.ok_or_else(|| StreamError::Ended("the server closed it".to_owned()))??;
        let Some(update) = update.update_oneof else {
            return Ok(());
        };
        if matches!(update, UpdateOneof::Ping(_) | UpdateOneof::Pong(_)) {
            return Ok(());
        }
        self.deadline = None;
        for slot in self.assembler.take(update)? {
            self.whole_bytes = self.whole_bytes.saturating_add(slot.size_bytes());
            self.whole.push_back(slot);
        }
        Ok(())
    }
}
