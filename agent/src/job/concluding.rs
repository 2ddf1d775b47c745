//! The end of a job: the last settlement, the refund, the record.

use gantry_sdk::market::{
    MarketError,
    state::{Job, JobState},
};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

use super::{handle, record::Stage, services::Counters, task::Task};
use crate::chain::{Action, ChainError};

/// The chain's clock may be behind this machine's by a block or two.
const CLOCK_BEHIND: Duration = Duration::from_millis(400);
/// First and longest pause before something is sent again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// What a transaction's result means for what comes next.
enum Next {
    /// The job has ended on chain.
    Over,
    /// Look at the job again after a pause.
    Again(Duration),
}

impl Task {
    /// Waits for the tenant's signature of the final receipt, at most for the grace window, then settles and closes.
    pub(super) async fn conclude(&mut self) {
        if self.record.metered && !self.claims.is_final {
            self.sign_final(self.claims.metered_ms, Vec::new()).await;
        }
        let until = Instant::now() + self.patience();
        let mut pause = FIRST_PAUSE;
        self.look_at_chain();
        loop {
            let over = match self.record.account.state() {
                Some(JobState::Open) => Some(self.send_end(true).await),
                Some(JobState::Running | JobState::Stopped) if self.is_due(until) => Some(self.send_end(false).await),
                Some(JobState::Running | JobState::Stopped) => None,
                _ => Some(Next::Over),
            };
            let again = match over {
                Some(Next::Over) => break,
                Some(Next::Again(wait)) if wait > CLOCK_BEHIND => {
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    Instant::now() + wait.max(pause)
                }
                Some(Next::Again(wait)) => Instant::now() + wait,
                None => until,
            };
            tokio::select! {
                () = sleep_until(again) => {}
                Ok(()) = self.account.changed() => { self.look_at_chain(); }
                Ok(()) = self.countersigned.changed() => {}
                Some(order) = self.orders.recv() => self.answer_late(order),
            }
        }
        Counters::count(&self.services.counters.jobs_closed);
        let account = self.record.account;
        tracing::info!(job = %self.address, metered_ms = account.metered_ms, paid = account.paid, refund = account.refund, "the job is over");
        if self.record.ended_at_ms == 0 {
            self.record.ended_at_ms = self.services.clock.unix_ms();
        }
        self.enter(Stage::Closed).await;
    }

    /// How long the final receipt may still wait for the tenant.
    fn patience(&self) -> Duration {
        let grace = Duration::from_secs(u64::from(self.record.account.grace_window_s));
        let ended_for = self.services.clock.unix_ms().saturating_sub(self.record.ended_at_ms);
        grace.saturating_sub(Duration::from_millis(u64::try_from(ended_for).unwrap_or(0)))
    }

    /// Whether waiting longer cannot gain anything.
    fn is_due(&self, until: Instant) -> bool {
        let nothing_claimed = !self.record.metered || self.claims.metered_ms == 0;
        nothing_claimed || self.countersigned.borrow().is_final || Instant::now() >= until
    }

    /// Cancels the job, or settles the newest receipt and closes it, in one transaction.
    async fn send_end(&mut self, cancel: bool) -> Next {
        let (address, job) = (self.address, Box::new(self.record.account));
        let actions = if cancel {
            vec![Action::Cancel { address, job }]
        } else {
            let unsettled = match handle::unsettled(&self.services, address, self.record.account).await {
                Ok(unsettled) => unsettled,
                Err(error) => {
                    tracing::error!(job = %address, %error, "the last receipt could not be read");
                    return Next::Again(FIRST_PAUSE);
                }
            };
            let mint = job.mint;
            let settle = unsettled.map(|receipt| Action::Settle {
                receipt: Box::new(receipt),
                mint,
            });
            settle.into_iter().chain([Action::Close { address, job }]).collect()
        };
        let settles = actions.len() > 1;
        match self.services.chain.send(actions).await {
            Ok(signature) => {
                tracing::info!(job = %address, %signature, settles, cancel, "ended on chain");
                if settles {
                    Counters::count(&self.services.counters.settlements);
                }
                self.ask_chain().await;
                Next::Over
            }
            Err(error) => self.meet(&error, settles).await,
        }
    }

    /// A refusal often means that the tenant was first, which is as good.
    async fn meet(&mut self, error: &ChainError, settles: bool) -> Next {
        if error.is(MarketError::UsageExceedsElapsed) {
            return Next::Again(CLOCK_BEHIND);
        }
        if settles {
            Counters::count(&self.services.counters.settlements_failed);
        }
        if error.transient {
            tracing::warn!(job = %self.address, %error, "the job could not be closed; trying again");
            return Next::Again(FIRST_PAUSE);
        }
        let before: Job = self.record.account;
        match self.ask_chain().await {
            Some(JobState::Closed | JobState::Cancelled) => Next::Over,
            _ if (self.record.account.state, self.record.account.sequence) != (before.state, before.sequence) => {
                Next::Again(Duration::ZERO)
            }
            _ => {
                tracing::error!(job = %self.address, %error, "the chain refuses to close the job");
                sleep(Duration::ZERO).await;
                Next::Again(LONGEST_PAUSE)
            }
        }
    }
}
