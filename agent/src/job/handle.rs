//! How everyone else talks to a job: the HTTPS server, the watcher of the chain, the settler.

use gantry_protocol::Receipt;
use gantry_sdk::{
    Pubkey, Signature,
    market::state::Job,
    receipt::{CoSignedReceipt, ReceiptError},
    wire::{Exit, JobStatus, StartRequest},
};
use std::{fs, sync::Arc};
use tokio::sync::{Mutex, Semaphore, mpsc, oneshot, watch};

use super::{payable, record::Stage, services::Services};
use crate::{
    job::services::Counters,
    receipts::{LogError, SignedRow},
    runtime::directory::JobDirectory,
};

/// Streams of one job's log at a time: each holds a file, a connection and one of the kernel's notices.
pub const MAX_LOG_STREAMS: usize = 8;

/// What a job looks like from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// How far it has come.
    pub stage: Stage,
    /// How the workload ended.
    pub exit: Option<Exit>,
    /// Metered milliseconds so far.
    pub metered_ms: u64,
}

/// The newest receipt that the tenant has signed too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Countersigned {
    /// Its sequence.
    pub sequence: u64,
    /// What it claims.
    pub metered_ms: u64,
    /// Whether it is the final one.
    pub is_final: bool,
}

impl From<&Receipt> for Countersigned {
    fn from(receipt: &Receipt) -> Self {
        Self {
            sequence: receipt.sequence,
            metered_ms: receipt.metered_ms,
            is_final: receipt.is_final(),
        }
    }
}

/// Why a tenant's wish is not granted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not fit what happened before; repeating it will not help.
    #[error("{0}")]
    Conflict(String),
    /// The request itself is wrong.
    #[error("{0}")]
    Invalid(String),
    /// Not now; later it may work.
    #[error("{0}")]
    Unavailable(String),
}

pub(super) type Reply = oneshot::Sender<Result<(), Refusal>>;

/// What a tenant wants of its job.
pub(super) enum Order {
    /// The bundle is unpacked.
    BundleStored(Reply),
    /// Run this.
    Start(StartRequest, Reply),
    /// End the workload.
    Finish(Reply),
}

/// A job, from outside.
pub struct JobHandle {
    pub(super) address: Pubkey,
    pub(super) directory: JobDirectory,
    pub(super) services: Arc<Services>,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) account: watch::Sender<Job>,
    pub(super) view: watch::Receiver<View>,
    pub(super) newest: watch::Receiver<Option<SignedRow>>,
    pub(super) countersigned: watch::Sender<Countersigned>,
    /// Held while a bundle is received: two at once would mix.
    pub upload: Mutex<()>,
    /// Free places for streams of its log.
    pub log_streams: Arc<Semaphore>,
}

impl JobHandle {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> Pubkey {
        self.address
    }

    /// Its files.
    #[must_use]
    pub fn directory(&self) -> &JobDirectory {
        &self.directory
    }

    /// Its account as it was last seen.
    #[must_use]
    pub fn account(&self) -> Job {
        *self.account.borrow()
    }

    /// What it looks like now.
    #[must_use]
    pub fn view(&self) -> View {
        self.view.borrow().clone()
    }

    /// To wait for its changes.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<View> {
        self.view.clone()
    }

    /// Takes note of a sighting of its account, unless a later one was seen already.
    pub fn saw(&self, account: Job) {
        self.account.send_if_modified(|known| {
            // Of what changes beside state and sequence, the attestation key changes once, and the others only grow.
            let changed = account.attestation_key != known.attestation_key
                || account.max_duration_s > known.max_duration_s
                || account.session_rotated_at > known.session_rotated_at
                || account.exits_at > known.exits_at;
            let newer = (account.state, account.sequence) > (known.state, known.sequence)
                || (changed && account.state >= known.state);
            if newer {
                *known = account;
            }
            newer
        });
    }

    /// Its status for the tenant.
    #[must_use]
    pub fn status(&self) -> JobStatus {
        let view = self.view();
        JobStatus {
            phase: view.stage.phase(),
            exit: view.exit,
            metered_ms: view.metered_ms,
            sequence: self.newest.borrow().as_ref().map_or(0, |row| row.receipt.sequence),
            countersigned: self.countersigned.borrow().sequence,
            log_bytes: fs::metadata(self.directory.log()).map_or(0, |metadata| metadata.len()),
            simulated: self.services.gpus.simulated(),
        }
    }

    async fn order(&self, order: impl FnOnce(Reply) -> Order) -> Result<(), Refusal> {
        let gone = || Refusal::Unavailable("the agent is shutting down".to_owned());
        let (reply, answer) = oneshot::channel();
        self.orders.send(order(reply)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Says that the bundle is unpacked.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn bundle_stored(&self) -> Result<(), Refusal> {
        self.order(Order::BundleStored).await
    }

    /// Starts the job on chain and then the workload. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn start(&self, request: StartRequest) -> Result<(), Refusal> {
        self.order(|reply| Order::Start(request, reply)).await
    }

    /// Ends the workload. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Refusal`].
    pub async fn finish(&self) -> Result<(), Refusal> {
        self.order(Order::Finish).await
    }

    /// The newest receipt with a sequence above `after`, as soon as there is one.
    pub async fn receipt_after(&self, after: u64) -> Option<SignedRow> {
        let mut newest = self.newest.clone();
        let found = newest
            .wait_for(|row| row.as_ref().is_some_and(|row| row.receipt.sequence > after))
            .await
            .ok()?;
        found.clone()
    }

    /// Checks the tenant's signature of a receipt and keeps it; returns once it is on disk.
    ///
    /// # Errors
    /// [`LogError`].
    pub async fn countersign(&self, receipt: Receipt, signature: Signature) -> Result<(), LogError> {
        if receipt.job != self.address.to_bytes() {
            return Err(LogError::Unknown);
        }
        let (log, tenant_key) = (Arc::clone(&self.services.log), self.account().session_key);
        let job = self.address;
        let stored = tokio::task::spawn_blocking(move || {
            let stored = log.countersign(&receipt, &tenant_key, &signature);
            if let Err(LogError::Damaged(_)) = stored {
                // The rows that the next receipt would stand on cannot be trusted either.
                log.give_up(&job)?;
            }
            stored
        })
        .await;
        let row = stored.map_err(|error| LogError::Storage(error.to_string()))??;
        if self.account().session_key != tenant_key {
            // Rotated in this very moment: what still counts is looked through after every rotation.
            return Err(LogError::Signature(ReceiptError::InvalidSignature(tenant_key)));
        }
        let countersigned = Countersigned::from(&row.receipt);
        let newer = self.countersigned.send_if_modified(|known| {
            let newer = countersigned.sequence > known.sequence;
            if newer {
                *known = countersigned;
            }
            newer
        });
        if newer {
            Counters::count(&self.services.counters.receipts_countersigned);
        }
        Ok(())
    }

    /// The newest receipt that both sides signed, that the chain would still pay for, and that it has not seen.
    ///
    /// # Errors
    /// [`LogError`].
    pub async fn unsettled(&self) -> Result<Option<CoSignedReceipt>, LogError> {
        let account = self.account();
        if self.countersigned.borrow().sequence <= account.sequence {
            return Ok(None);
        }
        payable::unsettled(&self.services, self.address, account).await
    }
}
