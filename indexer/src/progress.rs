//! How far the mirror is, and whether it may be trusted right now.

use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// What the indexer is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It has not begun.
    Starting,
    /// Another process writes to this database.
    Standby,
    /// It has no connection to the chain or to its database.
    Disconnected {
        /// Why, as far as is known.
        reason: String,
    },
    /// It fetches what it missed.
    Resyncing {
        /// Why that was necessary.
        reason: String,
    },
    /// It applies confirmed slots as they come.
    Following,
}

/// How far the mirror is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What the indexer is doing.
    pub phase: Phase,
    /// The last slot that is in the tables; none before the first.
    pub slot: Option<u64>,
    /// The highest slot that the chain is known to have reached, confirmed or not.
    pub chain_slot: u64,
    /// When the tables were last known to hold everything confirmed, Unix milliseconds; none before the first time.
    pub current_at_ms: Option<u64>,
}

/// Why answers may be out of date.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotReady {
    /// Not begun.
    #[error("the indexer is starting")]
    Starting,
    /// Not the writer.
    #[error("another indexer writes to this database; this one stands by")]
    Standby,
    /// No connection.
    #[error("the indexer is disconnected: {0}")]
    Disconnected(String),
    /// Fetching what was missed.
    #[error("the indexer is resyncing: {0}")]
    Resyncing(String),
    /// The tables were never known to hold everything.
    #[error("the indexer has not caught up with the chain yet")]
    NeverCurrent,
    /// Behind the chain.
    #[error("the indexer is {lag_ms} ms behind the chain; the limit is {limit_ms} ms")]
    Behind {
        /// How far.
        lag_ms: u64,
        /// How far it may be.
        limit_ms: u64,
    },
}

impl Progress {
    /// How old the newest data are: milliseconds since the tables last held everything confirmed; none if they never did.
    #[must_use]
    pub fn lag_ms(&self) -> Option<u64> {
        self.current_at_ms
            .map(|current_at_ms| unix_ms().saturating_sub(current_at_ms))
    }

    /// Whether answers are complete and recent.
    ///
    /// # Errors
    /// Why they may not be.
    pub fn ready(&self, limit_ms: u64) -> Result<(), NotReady> {
        match &self.phase {
            Phase::Starting => Err(NotReady::Starting),
            Phase::Standby => Err(NotReady::Standby),
            Phase::Disconnected { reason } => Err(NotReady::Disconnected(reason.clone())),
            Phase::Resyncing { reason } => Err(NotReady::Resyncing(reason.clone())),
            Phase::Following => match self.lag_ms() {
                None => Err(NotReady::NeverCurrent),
                Some(lag_ms) if lag_ms <= limit_ms => Ok(()),
                Some(lag_ms) => Err(NotReady::Behind { lag_ms, limit_ms }),
            },
        }
    }
}

/// The ingestion's end: it alone reports.
#[derive(Debug)]
pub struct Reporter(watch::Sender<Progress>);

/// The API's end.
#[derive(Clone, Debug)]
pub struct Observer(watch::Receiver<Progress>);

/// A reporter and who observes it.
#[must_use]
pub fn channel() -> (Reporter, Observer) {
    let progress = Progress {
        phase: Phase::Starting,
        slot: None,
        chain_slot: 0,
        current_at_ms: None,
    };
    let (sender, receiver) = watch::channel(progress);
    (Reporter(sender), Observer(receiver))
}

impl Observer {
    /// How far it is now.
    #[must_use]
    pub fn now(&self) -> Progress {
        self.0.borrow().clone()
    }

    /// Waits until `condition` holds and returns what held; `None` when nobody reports any more.
    pub async fn wait_for(&mut self, condition: impl FnMut(&Progress) -> bool) -> Option<Progress> {
        self.0.wait_for(condition).await.ok().map(|progress| progress.clone())
    }
}

impl Reporter {
    /// Enters a phase.
    pub fn enter(&self, phase: Phase) {
        self.0.send_modify(|progress| progress.phase = phase);
    }

    /// The tables hold everything up to `slot`, and held everything confirmed at `current_at_ms`: what a checkpoint says after a restart.
    pub fn resume(&self, slot: u64, current_at_ms: Option<u64>) {
        self.0.send_modify(|progress| {
            progress.slot = Some(slot);
            progress.current_at_ms = current_at_ms.map(|at_ms| at_ms.min(unix_ms()));
        });
    }

    /// The chain is known to have reached `slot`.
    pub fn saw(&self, slot: u64) {
        self.0.send_if_modified(|progress| {
            let is_news = slot > progress.chain_slot;
            progress.chain_slot = progress.chain_slot.max(slot);
            is_news
        });
    }

    /// The tables hold everything up to `slot`, and everything that was confirmed at `current_at_ms`.
    pub fn applied(&self, slot: u64, current_at_ms: Option<u64>) {
        self.resume(slot, current_at_ms);
        self.saw(slot);
    }
}

/// This machine's clock.
#[must_use]
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_indexer_is_ready_only_while_it_follows_the_chain_closely() {
        let (reporter, observer) = channel();
        assert_eq!(observer.now().ready(1_000), Err(NotReady::Starting));
        reporter.enter(Phase::Resyncing { reason: "a gap".into() });
        assert_eq!(observer.now().ready(1_000), Err(NotReady::Resyncing("a gap".into())));
        reporter.enter(Phase::Following);
        reporter.applied(7, None);
        assert_eq!(observer.now().ready(1_000), Err(NotReady::NeverCurrent));
        reporter.applied(7, Some(unix_ms()));
        assert_eq!(observer.now().ready(1_000), Ok(()));
        reporter.resume(7, Some(0));
        assert!(matches!(
            observer.now().ready(1_000),
            Err(NotReady::Behind { limit_ms: 1_000, .. })
        ));
    }

    #[test]
    fn an_indexer_that_was_never_current_has_no_lag_to_tell() {
        let (reporter, observer) = channel();
        reporter.resume(7, None);
        assert_eq!((observer.now().slot, observer.now().lag_ms()), (Some(7), None));
    }
}
