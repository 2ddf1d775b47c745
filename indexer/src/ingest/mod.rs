//! Keeps the tables equal to the chain, whatever fails.
//!
//! Every failure ends the attempt: what was not committed is forgotten, and the next attempt begins at the checkpoint, as after a
//! kill. So there is one way to recover, and it is used all the time.

mod attempt;
mod backoff;
mod freshness;
mod resync;

use std::{convert::Infallible, time::Duration};

use crate::{
    backfill::{BackfillError, Ledger, LedgerError},
    progress::{Phase, Reporter},
    store::{Checkpoint, Claim, Database, StoreError, Writer},
    stream::{Source, StreamError},
};
use attempt::Attempt;
use backoff::Backoff;
use freshness::Freshness;

/// How often a standing-by indexer asks whether the writer has gone.
const STANDBY_INTERVAL: Duration = Duration::from_secs(1);

/// Why an attempt ended.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The stream gives no more.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// The RPC node failed.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A confirmed slot is no longer part of the chain.
    #[error(
        "slot {slot} does not build on the checkpoint {checkpoint}: the chain has rolled back a confirmed slot; \
         rebuild the tables in a fresh database"
    )]
    RolledBack {
        /// The slot that does not fit.
        slot: u64,
        /// The last slot in the tables.
        checkpoint: u64,
    },
}

impl IngestError {
    /// Whether trying again cannot help.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(
            self,
            Self::RolledBack { .. }
                | Self::Store(StoreError::OtherChain { .. } | StoreError::Migration(_) | StoreError::Address(_))
        )
    }
}

impl From<BackfillError> for IngestError {
    fn from(error: BackfillError) -> Self {
        match error {
            BackfillError::Ledger(error) => Self::Ledger(error),
            BackfillError::Store(error) => Self::Store(error),
        }
    }
}

/// What the ingestion works with.
#[derive(Debug)]
pub struct Ingest<L> {
    /// Where the rows go.
    pub database: Database,
    /// Where confirmed slots come from.
    pub source: Source,
    /// Where everything else comes from.
    pub ledger: L,
    /// Who is told how far it is.
    pub reporter: Reporter,
}

impl<L: Ledger> Ingest<L> {
    /// Keeps the tables equal to the chain. Dropping it is as safe as killing it.
    ///
    /// # Errors
    /// [`IngestError`] only where trying again cannot help.
    pub async fn run(self) -> Result<Infallible, IngestError> {
        let mut backoff = Backoff::default();
        loop {
            let Err(error) = self.attempt(&mut backoff).await;
            if error.is_final() {
                return Err(error);
            }
            let pause = backoff.next();
            metrics::counter!("gantry_indexer_reconnects_total").increment(1);
            tracing::warn!(reason = %error, pause_ms = pause.as_millis(), "the attempt ended; beginning again at the checkpoint");
            self.reporter.enter(Phase::Disconnected {
                reason: error.to_string(),
            });
            tokio::time::sleep(pause).await;
        }
    }

    async fn attempt(&self, backoff: &mut Backoff) -> Result<Infallible, IngestError> {
        let writer = loop {
            match Writer::acquire(&self.database).await? {
                Claim::Ours(writer) => break writer,
                Claim::Theirs(checkpoint) => self.stand_by(checkpoint).await,
            }
        };
        let freshness = Freshness::default();
        let attempt = Attempt {
            source: &self.source,
            ledger: &self.ledger,
            reporter: &self.reporter,
            writer,
            backoff,
            freshness: &freshness,
        };
        tokio::select! {
            outcome = attempt.run() => outcome,
            never = freshness.keep_asking(&self.ledger, &self.reporter) => match never {},
        }
    }

    /// Answers go on meanwhile, from what the other process writes.
    async fn stand_by(&self, checkpoint: Option<Checkpoint>) {
        if let Some(checkpoint) = checkpoint {
            self.reporter.resume(checkpoint.slot, checkpoint.current_at_ms);
        }
        self.reporter.enter(Phase::Standby);
        tokio::time::sleep(STANDBY_INTERVAL).await;
    }
}
