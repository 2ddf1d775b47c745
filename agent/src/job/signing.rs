//! Signing: only with a log that knows everything that was signed before.

use gantry_protocol::merkle::Sample;
use gantry_sdk::market::state::Job;
use std::{sync::Arc, time::Duration};
use tokio::{task::spawn_blocking, time::sleep};

use super::{services::Counters, task::Task};
use crate::receipts::{Draft, LogError, MeterState};

/// Pause before a final receipt that could not be signed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Whether the chain has seen a receipt that the log does not know.
fn is_behind(claims: &MeterState, account: &Job) -> bool {
    account.sequence > claims.sequence || account.metered_ms > claims.metered_ms
}

impl Task {
    /// Signs the next receipt and shows it to the tenant.
    pub(super) async fn issue(
        &mut self,
        metered_ms: u64,
        is_final: bool,
        samples: Vec<Sample>,
    ) -> Result<(), LogError> {
        self.compare_with_chain().await?;
        let (services, job) = (Arc::clone(&self.services), self.address);
        let (genesis_hash, gpus) = (self.record.account.genesis_hash, self.record.account.gpus);
        let simulated = self.record.simulated.unwrap_or_else(|| services.gpus.simulated());
        let time_ms = services.clock.unix_ms();
        let issued = spawn_blocking(move || {
            let draft = Draft {
                genesis_hash,
                job,
                metered_ms,
                time_ms,
                is_final,
                gpus,
                simulated,
                samples: &samples,
            };
            let row = services.log.issue(&draft, &services.key)?;
            Ok::<_, LogError>((row, services.log.meter(&job)?))
        });
        let (row, claims) = issued.await.map_err(|error| LogError::Storage(error.to_string()))??;
        tracing::debug!(job = %self.address, sequence = row.receipt.sequence, metered_ms, is_final, "signed a receipt");
        self.claims = claims;
        self.newest.send_replace(Some(row));
        Counters::count(&self.services.counters.receipts_signed);
        Ok(())
    }

    /// Refuses when this log is not the newest one. After a restart the chain must be asked first; later the sightings suffice, for
    /// nothing can be settled that this process has not signed.
    async fn compare_with_chain(&mut self) -> Result<(), LogError> {
        if !self.compared {
            let asked = self.services.chain.job(self.address).await;
            let account = asked.map_err(|error| LogError::Uncompared(error.to_string()))?;
            self.record.account =
                account.ok_or_else(|| LogError::Uncompared("the chain does not show the job".to_owned()))?;
            self.compared = true;
        }
        let seen = *self.account.borrow();
        for account in [self.record.account, seen] {
            if is_behind(&self.claims, &account) {
                return Err(LogError::Behind {
                    job: self.address,
                    settled: account.sequence,
                    known: self.claims.sequence,
                });
            }
        }
        Ok(())
    }

    /// Signs a receipt over what was metered so far; a disk that fails is tried again with the next one. Returns why the job must end,
    /// when nothing will be signed for it any more.
    pub(super) async fn sign(&mut self, metered_ms: u64, samples: &mut Vec<Sample>) -> Option<&'static str> {
        match self.issue(metered_ms, false, samples.clone()).await {
            Ok(()) => samples.clear(),
            Err(error) if error.is_for_good() => {
                self.give_up_signing(&error).await;
                return Some("the provider's agent cannot sign receipts for it any more");
            }
            Err(error) => tracing::error!(job = %self.address, %error, "no receipt could be signed"),
        }
        None
    }

    /// Signs the last receipt.
    pub(super) async fn sign_final(&mut self, metered_ms: u64, samples: Vec<Sample>) {
        while !self.given_up {
            match self.issue(metered_ms, true, samples.clone()).await {
                Ok(()) | Err(LogError::Final(_)) => return,
                Err(error) if error.is_for_good() => self.give_up_signing(&error).await,
                Err(error) => {
                    tracing::error!(job = %self.address, %error, "the final receipt could not be signed; trying again");
                    sleep(RETRY).await;
                }
            }
        }
    }

    /// Notes on disk that nothing is signed for the job any more.
    pub(super) async fn give_up_signing(&mut self, error: &LogError) {
        tracing::error!(job = %self.address, %error, "giving the job up: it is settled up to the last receipt that both sides signed, and closed");
        self.given_up = true;
        let (log, address) = (Arc::clone(&self.services.log), self.address);
        if let Ok(Err(error)) = spawn_blocking(move || log.give_up(&address)).await {
            tracing::error!(job = %self.address, %error, "that the job is given up could not be written down");
        }
    }
}
