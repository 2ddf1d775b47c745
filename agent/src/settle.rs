//! Settles what both sides signed, again and again while jobs run: a provider that waits for the end carries the whole risk.

use gantry_sdk::{market::MarketError, receipt::CoSignedReceipt};
use std::{sync::Arc, time::Duration};
use tokio::{task::spawn_blocking, time::sleep};

use crate::{
    chain::{Action, ChainError},
    job::{Counters, JobHandle, Services, Stage},
    jobs::Jobs,
};

/// Two settlements with their signatures fill a transaction; `chain::size` shows it.
const PER_TRANSACTION: usize = 2;
/// The chain's clock may be behind this machine's by a block or two.
const CLOCK_BEHIND: Duration = Duration::from_millis(500);
/// Pause before a receipt that soon counts no more is sent again.
const EXPIRING_RETRY: Duration = Duration::from_secs(1);
/// How often a settlement is sent again for that reason.
const CLOCK_RETRIES: usize = 6;

/// A receipt that waits for its settlement.
struct Due {
    job: Arc<JobHandle>,
    receipt: CoSignedReceipt,
}

impl Due {
    /// Whether it counts for a grace window only.
    fn is_expiring(&self) -> bool {
        self.receipt.tenant_key != self.job.account().session_key
    }

    fn action(&self) -> Action {
        Action::Settle {
            receipt: Box::new(self.receipt.clone()),
            mint: self.job.account().mint,
        }
    }
}

/// Settles at every interval, and at once what a session key has signed that was rotated, for good.
pub async fn settle_forever(jobs: Arc<Jobs>, services: Arc<Services>, interval: Duration) {
    let mut pause = interval;
    loop {
        tokio::select! {
            () = sleep(pause) => {}
            () = services.rotated.notified() => {}
        }
        let left = settle_once(&jobs, &services).await;
        pause = if left == Left::Expiring {
            interval.min(EXPIRING_RETRY)
        } else {
            interval
        };
    }
}

/// What a round of settling has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// At most what the next receipt replaces.
    Nothing,
    /// A receipt of a former session key, which counts for a grace window only.
    Expiring,
}

/// Settles the newest receipt of every running job. What fails is tried again the next time: nothing is lost, for the next receipt
/// replaces it.
pub async fn settle_once(jobs: &Jobs, services: &Services) -> Left {
    let mut due = Vec::new();
    // A job that has ended settles its last receipt itself.
    for job in jobs.all().into_iter().filter(|job| job.view().stage == Stage::Running) {
        match job.unsettled().await {
            Ok(Some(receipt)) => due.push(Due { job, receipt }),
            Ok(None) => {}
            Err(error) => tracing::error!(job = %job.address(), %error, "a receipt could not be read"),
        }
    }
    let mut left = Left::Nothing;
    for batch in due.chunks(PER_TRANSACTION) {
        if settle(services, batch).await.is_ok() {
            continue;
        }
        for one in batch {
            // One of them may have spoiled the transaction for the other.
            let settled = batch.len() > 1 && settle(services, std::slice::from_ref(one)).await.is_ok();
            if !settled && one.is_expiring() {
                left = Left::Expiring;
            }
        }
    }
    left
}

async fn settle(services: &Services, batch: &[Due]) -> Result<(), ChainError> {
    let mut retries = 0;
    loop {
        match services.chain.send(batch.iter().map(Due::action).collect()).await {
            Ok(signature) => {
                for due in batch {
                    Counters::count(&services.counters.settlements);
                    let receipt = &due.receipt.receipt;
                    tracing::info!(
                        job = %due.job.address(), %signature, sequence = receipt.sequence, metered_ms = receipt.metered_ms, "settled"
                    );
                    forget_older(services, due).await;
                }
                return Ok(());
            }
            Err(error) if error.is(MarketError::UsageExceedsElapsed) && retries < CLOCK_RETRIES => {
                retries += 1;
                sleep(CLOCK_BEHIND).await;
            }
            // The tenant, or an earlier attempt of ours, was first.
            Err(error) if error.is(MarketError::StaleReceipt) && batch.len() == 1 => return Ok(()),
            Err(error) => {
                Counters::count(&services.counters.settlements_failed);
                tracing::warn!(jobs = batch.len(), %error, "a settlement failed; trying again at the next interval");
                return Err(error);
            }
        }
    }
}

/// Receipts before the settled one can no longer matter.
async fn forget_older(services: &Services, due: &Due) {
    let (log, job, sequence) = (
        Arc::clone(&services.log),
        due.job.address(),
        due.receipt.receipt.sequence,
    );
    if let Ok(Err(error)) = spawn_blocking(move || log.forget_before(&job, sequence)).await {
        tracing::warn!(%job, %error, "old receipts could not be forgotten");
    }
}
