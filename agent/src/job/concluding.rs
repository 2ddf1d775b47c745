//! The end of a job: the last settlement, the refund, the record.

use gantry_sdk::market::{
    MarketError,
    state::{Claim, Job, JobState},
};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    payable::{self, closable_at_s},
    record::Stage,
    services::Counters,
    task::Task,
};
use crate::chain::{Action, ChainError};

/// The chain's clock may be behind this machine's by a block or two.
const CLOCK_BEHIND: Duration = Duration::from_millis(400);
/// First and longest pause before something is sent again.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long a tenant that is there usually takes to sign the final receipt: for so long the last settlement waits, which would
/// otherwise cost a fee of its own. Never more than this part of the grace window.
const FINAL_COMES_WITHIN: Duration = Duration::from_secs(1);
const PART_OF_GRACE: u32 = 10;
/// The last transaction is sent this part of the grace window, and at most this long, before anybody may close the job: it must be
/// confirmed by then, also when it has to be sent again.
const MARGIN_PART: u32 = 4;
const LONGEST_MARGIN: Duration = Duration::from_secs(15);
/// How long the chain is asked for its clock.
const CLOCK_PATIENCE: Duration = Duration::from_secs(2);

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Send {
    /// Return the escrow of a job that was not started.
    Cancel,
    /// Settle the newest receipt that both sides signed, and wait on for the final one.
    Settle,
    /// Claim what the silent tenant has not signed.
    Claim,
    /// Settle what is signed, or the claim, and close.
    Close,
}

/// What a transaction's result means for what comes next.
enum Next {
    /// The job has ended on chain.
    Over,
    /// What both sides signed is settled.
    Settled,
    /// What could be claimed is claimed, or nothing can.
    NothingToClaim,
    /// Look at the job again after a pause.
    Again(Duration),
}

impl Task {
    /// Settles what both sides signed, waits for the tenant's signature of the final receipt for as long as nobody else can close the
    /// job, then settles and closes. What is signed is settled before the wait: a tenant that withholds its last signature and closes
    /// as soon as it may must not take back what it signed before.
    pub(super) async fn conclude(&mut self) {
        if self.record.metered && !self.claims.is_final {
            self.sign_final(self.claims.metered_ms, Vec::new()).await;
        }
        self.clear_away().await;
        let ahead_ms = self.chain_is_ahead_ms().await;
        let settle_at = Instant::now() + FINAL_COMES_WITHIN.min(self.grace() / PART_OF_GRACE);
        let (mut pause, mut settled) = (FIRST_PAUSE, self.record.account.sequence);
        // Once: what is refused or refuted is not tried again.
        let mut claims = self.record.metered && !self.given_up;
        self.look_at_chain();
        loop {
            let until = match self.waits_for_claim(ahead_ms).await {
                Some(until) => until,
                None => self.waits_until(ahead_ms),
            };
            // Taken afterwards, so that a wait that is over is seen to be over.
            let now = Instant::now();
            let signed = self.countersigned.borrow().sequence;
            let send = match self.record.account.state() {
                Some(JobState::Open) => Some(Send::Cancel),
                Some(JobState::Running | JobState::Stopped) if self.record.account.claimed == 1 => {
                    (now >= until).then_some(Send::Close)
                }
                Some(JobState::Running | JobState::Stopped) if self.is_due(now >= until) => {
                    if claims && signed > settled && self.is_owed_more() {
                        Some(Send::Settle)
                    } else if claims && self.is_owed_more() {
                        Some(Send::Claim)
                    } else {
                        Some(Send::Close)
                    }
                }
                Some(JobState::Running | JobState::Stopped) if signed > settled && now >= settle_at => {
                    Some(Send::Settle)
                }
                Some(JobState::Running | JobState::Stopped) => None,
                _ => break,
            };
            let again = match send {
                None if signed > settled => settle_at.min(until),
                None => until,
                Some(send) => match self.send_end(send).await {
                    Next::Over => break,
                    Next::Settled => {
                        settled = signed;
                        continue;
                    }
                    Next::NothingToClaim => {
                        claims = false;
                        continue;
                    }
                    Next::Again(wait) if wait > CLOCK_BEHIND => {
                        pause = (pause * 2).min(LONGEST_PAUSE);
                        now + wait.max(pause)
                    }
                    Next::Again(wait) => Instant::now() + wait,
                },
            };
            tokio::select! {
                () = sleep_until(again) => {}
                Ok(()) = self.account.changed() => {
                    self.look_at_chain();
                    self.follow_rotation().await;
                }
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

    fn grace(&self) -> Duration {
        Duration::from_secs(u64::from(self.record.account.grace_window_s))
    }

    /// By how much the chain's clock is ahead of this machine's; taken for the same while the chain cannot be asked.
    async fn chain_is_ahead_ms(&self) -> i64 {
        match timeout(CLOCK_PATIENCE, self.services.chain.time()).await {
            Ok(Ok(time_s)) => time_s
                .saturating_mul(1_000)
                .saturating_sub(self.services.clock.unix_ms()),
            _ => 0,
        }
    }

    /// Until when the final receipt may wait for the tenant: for the grace window after the workload's end, but never until anybody
    /// may close the job.
    fn waits_until(&self, chain_is_ahead_ms: i64) -> Instant {
        let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        let (account, grace) = (&self.record.account, self.grace());
        let ours = self.record.ended_at_ms.saturating_add(ms(grace));
        let margin = (grace / MARGIN_PART).min(LONGEST_MARGIN);
        let theirs = closable_at_s(account).map(|at_s| {
            let by_our_clock = at_s.saturating_mul(1_000).saturating_sub(chain_is_ahead_ms);
            by_our_clock.saturating_sub(ms(margin))
        });
        let until = theirs.map_or(ours, |theirs| theirs.min(ours));
        let left = until.saturating_sub(self.services.clock.unix_ms());
        Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or(0))
    }

    /// Until when a waiting claim can be refuted; `None` when there is none. What the tenant has signed meanwhile makes it needless.
    async fn waits_for_claim(&mut self, chain_is_ahead_ms: i64) -> Option<Instant> {
        if self.record.account.claimed == 0 {
            return None;
        }
        let claim = match self.services.chain.claim(self.address).await {
            Ok(Some(claim)) => claim,
            // Refuted, or settled by somebody else. The job may look the same otherwise, so that no news of it come: it is asked for.
            Ok(None) => {
                self.ask_chain().await;
                return (self.record.account.claimed == 1).then(|| Instant::now() + FIRST_PAUSE);
            }
            Err(error) => {
                tracing::warn!(job = %self.address, %error, "the claim could not be read; trying again");
                return Some(Instant::now() + FIRST_PAUSE);
            }
        };
        if self.countersigned.borrow().sequence >= claim.sequence {
            return Some(Instant::now());
        }
        let at_ms = claim.payable_at.saturating_mul(1_000).saturating_sub(chain_is_ahead_ms);
        let left = at_ms.saturating_sub(self.services.clock.unix_ms());
        Some(Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or(0)))
    }

    /// Whether this agent has metered more than the tenant has signed and the chain has seen.
    fn is_owed_more(&self) -> bool {
        let account = &self.record.account;
        let known_ms = self.countersigned.borrow().metered_ms.max(account.metered_ms);
        account.is_final == 0 && self.claims.metered_ms > known_ms
    }

    /// Claims the newest receipt that the chain would take.
    async fn send_claim(&mut self) -> Next {
        let claimable = payable::claimable(&self.services, self.address, self.record.account).await;
        let receipt = match claimable {
            Ok(Some(receipt)) => Box::new(receipt),
            Ok(None) => return Next::NothingToClaim,
            Err(error) => {
                tracing::error!(job = %self.address, %error, "what the tenant has not signed cannot be claimed");
                return Next::NothingToClaim;
            }
        };
        let (metered_ms, job) = (receipt.receipt.metered_ms, Box::new(self.record.account));
        match self.services.chain.send(vec![Action::Claim { receipt, job }]).await {
            Ok(signature) => {
                tracing::info!(job = %self.address, %signature, metered_ms, "claimed what the silent tenant has not signed");
                Counters::count(&self.services.counters.claims);
                self.ask_chain().await;
                Next::NothingToClaim
            }
            Err(error) if error.transient => {
                tracing::warn!(job = %self.address, %error, "the claim could not be sent; trying again");
                self.ask_chain().await;
                Next::Again(FIRST_PAUSE)
            }
            Err(error) => {
                tracing::warn!(job = %self.address, %error, "the chain refuses the claim; closing at the last receipt that both sides signed");
                self.ask_chain().await;
                Next::NothingToClaim
            }
        }
    }

    /// Whether waiting longer cannot gain anything.
    fn is_due(&self, waited_enough: bool) -> bool {
        let nothing_claimed = !self.record.metered || self.claims.metered_ms == 0;
        waited_enough || nothing_claimed || self.given_up || self.countersigned.borrow().is_final
    }

    /// Cancels the job, settles the newest receipt, or settles it and closes, in one transaction.
    async fn send_end(&mut self, send: Send) -> Next {
        if send == Send::Claim {
            return self.send_claim().await;
        }
        let (address, job) = (self.address, Box::new(self.record.account));
        let unsettled = if send == Send::Cancel {
            None
        } else {
            match payable::unsettled(&self.services, address, self.record.account).await {
                Ok(unsettled) => unsettled,
                Err(error) if error.is_for_good() => {
                    tracing::error!(job = %address, %error, "the last receipt cannot be read; closing without it");
                    None
                }
                Err(error) => {
                    tracing::error!(job = %address, %error, "the last receipt could not be read");
                    return Next::Again(FIRST_PAUSE);
                }
            }
        };
        let mint = job.mint;
        let settle = unsettled.map(|receipt| Action::Settle {
            receipt: Box::new(receipt),
            mint,
        });
        let settles = settle.is_some();
        let claim = match self.waiting_claim().await {
            Ok(claim) => claim,
            Err(error) => return self.meet(&error, false).await,
        };
        let claim = claim.map(|claim| Action::SettleClaim {
            claim: Box::new(claim),
            job: job.clone(),
        });
        let end: Vec<Action> = match send {
            Send::Cancel => vec![Action::Cancel { address, job }],
            Send::Close => claim.into_iter().chain([Action::Close { address, job }]).collect(),
            // The chain would not take any of them.
            Send::Settle if !settles => return Next::Settled,
            Send::Settle | Send::Claim => Vec::new(),
        };
        match self.services.chain.send(settle.into_iter().chain(end).collect()).await {
            Ok(signature) => {
                tracing::info!(job = %address, %signature, settles, ?send, "sent the end of the job");
                if settles {
                    Counters::count(&self.services.counters.settlements);
                }
                self.ask_chain().await;
                if send == Send::Settle {
                    Next::Settled
                } else {
                    Next::Over
                }
            }
            Err(error) => self.meet(&error, settles).await,
        }
    }

    /// The claim that must be settled before the job can be closed.
    async fn waiting_claim(&self) -> Result<Option<Claim>, ChainError> {
        if self.record.account.claimed == 0 {
            return Ok(None);
        }
        self.services.chain.claim(self.address).await
    }

    /// A refusal often means that the tenant was first, which is as good.
    async fn meet(&mut self, error: &ChainError, settles: bool) -> Next {
        if error.is(MarketError::UsageExceedsElapsed) || error.is(MarketError::ChallengeWindowOpen) {
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
                Next::Again(LONGEST_PAUSE)
            }
        }
    }
}
