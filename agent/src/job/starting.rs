//! From an open job to a started one.

use gantry_sdk::{
    market::{MarketError, state::JobState},
    wire::{Exit, StartRequest},
};
use std::time::Duration;
use tokio::time::sleep;

use super::{
    handle::{Order, Refusal, Reply},
    record::Stage,
    services::Counters,
    task::Task,
};
use crate::{
    chain::{Action, ChainError},
    receipts::LogError,
};

/// Beyond the start deadline, in case the chain's clock is behind.
const DEADLINE_MARGIN: Duration = Duration::from_secs(2);
/// Pause before a start is sent again while the chain is away.
const RETRY: Duration = Duration::from_millis(500);

fn gave_up(reason: &str) -> Exit {
    Exit {
        code: None,
        signal: None,
        reason: Some(reason.to_owned()),
    }
}

impl Task {
    /// Waits for the tenant's bundle and command; gives the escrow back when they do not come in time.
    pub(super) async fn wait_for_command(&mut self) {
        let account = self.record.account;
        let window_s = u64::try_from(account.start_deadline.saturating_sub(account.opened_at)).unwrap_or(0);
        let deadline = sleep(Duration::from_secs(window_s) + DEADLINE_MARGIN);
        tokio::pin!(deadline);
        loop {
            match self.look_at_chain() {
                Some(JobState::Open) => {}
                Some(JobState::Running | JobState::Stopped) => {
                    // Started, and this log knows nothing of it: signing for it could contradict what was signed elsewhere.
                    tracing::warn!(job = %self.address, "the job runs on chain but not here; closing it unpaid");
                    self.record.exit = Some(gave_up("this agent has no record of the job's start"));
                    return self.enter(Stage::Ended).await;
                }
                _ => return self.enter(Stage::Closed).await,
            }
            tokio::select! {
                () = &mut deadline => {
                    tracing::info!(job = %self.address, "the tenant never sent a command; returning the escrow");
                    self.record.exit = Some(gave_up("no command came before the start deadline"));
                    return self.enter(Stage::Ended).await;
                }
                Ok(()) = self.account.changed() => {}
                Some(order) = self.orders.recv() => {
                    self.take_order(order).await;
                    if self.record.stage != Stage::Waiting {
                        return;
                    }
                }
            }
        }
    }

    async fn take_order(&mut self, order: Order) {
        match order {
            Order::BundleStored(reply) => {
                self.record.has_bundle = true;
                let saved = self.save().await.map_err(Refusal::Unavailable);
                let _ = reply.send(saved);
            }
            Order::Finish(reply) => {
                let _ = reply.send(Ok(()));
                self.record.exit = Some(gave_up("the tenant gave the job up"));
                self.enter(Stage::Ended).await;
            }
            Order::Start(request, reply) => self.accept(request, reply).await,
        }
    }

    async fn accept(&mut self, request: StartRequest, reply: Reply) {
        let refusal = if !self.record.has_bundle {
            Some(Refusal::Conflict(
                "the job names a bundle that was not uploaded; upload it first".to_owned(),
            ))
        } else {
            check(&request)
                .and_then(|()| self.services.settings.require_room())
                .err()
        };
        if let Some(refusal) = refusal {
            let _ = reply.send(Err(refusal));
            return;
        }
        self.record.command = Some(request);
        self.waiting.push(reply);
        self.enter(Stage::Starting).await;
    }

    /// Starts the job on chain: from then on it is metered.
    pub(super) async fn start_on_chain(&mut self) {
        let Some(gpus) = self.services.slots.take(self.address, self.record.account.gpus) else {
            return self
                .give_up("too few GPUs of this node are free; the chain says otherwise")
                .await;
        };
        self.record.gpus = gpus;
        // Whether a start of ours may have taken effect without our hearing of it: in an earlier run, or because the answer was lost.
        let mut may_be_ours = !self.compared;
        loop {
            let sent = self
                .services
                .chain
                .send(vec![Action::Start { job: self.address }])
                .await;
            match sent {
                Ok(signature) => {
                    tracing::info!(job = %self.address, %signature, "started on chain");
                    return self.started().await;
                }
                Err(error) if error.is(MarketError::WrongJobState) => match self.ask_chain().await {
                    Some(JobState::Running | JobState::Stopped)
                        if may_be_ours && self.record.account.sequence <= self.claims.sequence =>
                    {
                        return self.started().await;
                    }
                    // This key signed a start that this log knows nothing of, and perhaps receipts after it.
                    Some(JobState::Running | JobState::Stopped) => {
                        self.give_up_signing(&LogError::GivenUp(self.address)).await;
                        return self.give_up("it was started without this agent's knowledge").await;
                    }
                    Some(JobState::Open) => sleep(RETRY).await,
                    _ => return self.give_up("it has ended on chain").await,
                },
                Err(error) if error.transient => {
                    tracing::warn!(job = %self.address, %error, "the start could not be sent; trying again");
                    self.answer_waiting(&Err(Refusal::Unavailable(format!("the chain is away: {error}"))));
                    may_be_ours = true;
                    sleep(RETRY).await;
                }
                Err(error) => return self.give_up(&refusal(&error)).await,
            }
        }
    }

    async fn started(&mut self) {
        self.record.metered = true;
        Counters::count(&self.services.counters.jobs_started);
        self.enter(Stage::Running).await;
    }

    async fn give_up(&mut self, reason: &str) {
        tracing::warn!(job = %self.address, reason, "the job cannot be started");
        self.answer_waiting(&Err(Refusal::Conflict(format!("the job cannot be started: {reason}"))));
        self.services.slots.give_back(self.address);
        self.record.exit = Some(gave_up(reason));
        self.enter(Stage::Ended).await;
    }
}

fn refusal(error: &ChainError) -> String {
    if error.is(MarketError::StartDeadlinePassed) {
        return "its start deadline has passed; the escrow goes back".to_owned();
    }
    error.message.clone()
}

/// Refuses commands that no sandbox could be given.
fn check(request: &StartRequest) -> Result<(), Refusal> {
    let invalid = |reason: &str| Err(Refusal::Invalid(reason.to_owned()));
    if request.command.first().is_none_or(String::is_empty) {
        return invalid("the command is empty; name a program");
    }
    let texts = request
        .command
        .iter()
        .chain(request.environment.keys())
        .chain(request.environment.values());
    if texts.into_iter().any(|text| text.contains('\0')) {
        return invalid("neither command nor environment may hold zero bytes");
    }
    if request
        .environment
        .keys()
        .any(|name| name.is_empty() || name.contains('='))
    {
        return invalid("names in the environment must not be empty or hold '='");
    }
    Ok(())
}
