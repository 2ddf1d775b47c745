//! The task of one job: it alone decides what happens next, one stage after the other.

use gantry_sdk::{
    Pubkey,
    market::state::{Job, JobState},
    wire::Exit,
};
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{Mutex, Semaphore, mpsc, watch},
    task::{JoinHandle, spawn_blocking},
    time::sleep,
};

use super::{
    files,
    handle::{Countersigned, JobHandle, MAX_LOG_STREAMS, Order, Refusal, Reply, View},
    payable,
    record::{JobRecord, Stage},
    services::Services,
};
use crate::{
    receipts::{LogError, MeterState, SignedRow},
    runtime::{Found, directory::JobDirectory},
};

/// Orders that wait while the task is busy.
const ORDERS: usize = 16;

/// One job's task.
pub struct Task {
    pub(super) address: Pubkey,
    pub(super) record: JobRecord,
    pub(super) services: Arc<Services>,
    pub(super) directory: JobDirectory,
    pub(super) orders: mpsc::Receiver<Order>,
    pub(super) account: watch::Receiver<Job>,
    pub(super) countersigned: watch::Receiver<Countersigned>,
    /// To take back what no longer counts.
    pub(super) recount: watch::Sender<Countersigned>,
    /// The session key for which it was last looked through what counts.
    pub(super) session_key: Pubkey,
    /// Where this agent's claims stand.
    pub(super) claims: MeterState,
    /// Who waits for the start.
    pub(super) waiting: Vec<Reply>,
    /// Whether nothing is signed for the job any more.
    pub(super) given_up: bool,
    /// Whether this process has compared the claims with the chain, or knows the job from its beginning.
    pub(super) compared: bool,
    pub(super) newest: watch::Sender<Option<SignedRow>>,
    view: watch::Sender<View>,
}

impl Task {
    /// Takes a job on, or up again after a restart.
    ///
    /// # Errors
    /// [`LogError`] when its claims cannot be read.
    pub fn spawn(
        services: Arc<Services>,
        address: Pubkey,
        record: JobRecord,
    ) -> Result<(Arc<JobHandle>, JoinHandle<()>), LogError> {
        let (claims, given_up) = (services.log.meter(&address)?, services.log.is_given_up(&address)?);
        let rows = services.log.newest_first(&address)?;
        let both = if record.account.session_rotated_at == 0 {
            let signed = rows.iter().find(|row| row.tenant_signature.is_some());
            signed.map(|row| Countersigned::from(&row.receipt)).unwrap_or_default()
        } else {
            payable::standing(rows.clone(), &record.account, payable::now_s(&services))
        };
        let directory = JobDirectory::of(&services.settings.data_dir, &address);
        if let Err(error) = directory.create() {
            tracing::error!(job = %address, %error, "the job's directory cannot be made");
        }
        let (order, orders) = mpsc::channel(ORDERS);
        let (see, account) = watch::channel(record.account);
        let view = View {
            stage: record.stage,
            exit: record.exit.clone(),
            metered_ms: claims.metered_ms,
        };
        let (view, shown) = watch::channel(view);
        let (newest, receipts) = watch::channel(rows.into_iter().next());
        let (countersign, countersigned) = watch::channel(both);
        if !matches!(record.stage, Stage::Ended | Stage::Closed) {
            services.slots.adopt(address, &record.gpus);
        }
        let handle = JobHandle {
            address,
            directory: directory.clone(),
            services: Arc::clone(&services),
            orders: order,
            account: see,
            view: shown,
            newest: receipts,
            countersigned: countersign.clone(),
            upload: Mutex::new(()),
            log_streams: Arc::new(Semaphore::new(MAX_LOG_STREAMS)),
        };
        let task = Self {
            address,
            session_key: record.account.session_key,
            given_up,
            compared: record.stage == Stage::Waiting,
            record,
            services,
            directory,
            orders,
            account,
            countersigned,
            recount: countersign,
            claims,
            waiting: Vec::new(),
            view,
            newest,
        };
        Ok((Arc::new(handle), tokio::spawn(task.run())))
    }

    /// Goes through the stages to the end.
    async fn run(mut self) {
        if self.given_up && !matches!(self.record.stage, Stage::Ended | Stage::Closed) {
            self.abandon().await;
        }
        loop {
            match self.record.stage {
                Stage::Waiting => self.wait_for_command().await,
                Stage::Starting => self.start_on_chain().await,
                Stage::Running => self.run_workload().await,
                Stage::Ended => self.conclude().await,
                Stage::Closed => return self.retire().await,
            }
        }
    }

    /// Ends a job that nothing is signed for any more.
    async fn abandon(&mut self) {
        tracing::warn!(job = %self.address, "the job was given up; ending it");
        if let Ok(Found::Running(workload)) = self.services.runtime.find(&self.directory).await {
            workload.end();
            workload.ended().await;
        }
        self.note_end(Exit {
            code: None,
            signal: None,
            reason: Some("the provider's agent lost its record of the job".to_owned()),
        });
        self.enter(Stage::Ended).await;
    }

    /// Moves on to a stage, on disk first.
    pub(super) async fn enter(&mut self, stage: Stage) {
        self.record.stage = stage;
        while let Err(error) = self.save().await {
            tracing::error!(job = %self.address, %error, "the job's progress could not be written down; trying again");
            sleep(Duration::from_secs(1)).await;
        }
        self.publish(self.claims.metered_ms);
    }

    /// Writes the record down.
    pub(super) async fn save(&self) -> Result<(), String> {
        let json = self.record.to_json().map_err(|error| error.to_string())?;
        let (log, address) = (Arc::clone(&self.services.log), self.address);
        let saved = spawn_blocking(move || log.remember(&address, &json)).await;
        saved
            .map_err(|error| error.to_string())?
            .map_err(|error| error.to_string())
    }

    /// Shows where the job stands.
    pub(super) fn publish(&self, metered_ms: u64) {
        let view = View {
            stage: self.record.stage,
            exit: self.record.exit.clone(),
            metered_ms,
        };
        self.view
            .send_if_modified(|shown| std::mem::replace(shown, view.clone()) != view);
    }

    /// Takes over what was last seen on chain, unless this task itself has asked the chain later.
    pub(super) fn look_at_chain(&mut self) -> Option<JobState> {
        let (seen, known) = (*self.account.borrow_and_update(), &self.record.account);
        if (seen.state, seen.sequence) >= (known.state, known.sequence) {
            self.record.account = seen;
        }
        self.record.account.state()
    }

    /// Asks the chain for the job; what cannot be learnt now is learnt later.
    pub(super) async fn ask_chain(&mut self) -> Option<JobState> {
        match self.services.chain.job(self.address).await {
            Ok(Some(account)) => self.record.account = account,
            Ok(None) => tracing::warn!(job = %self.address, "the job is not on chain"),
            Err(error) => tracing::warn!(job = %self.address, %error, "the job could not be read"),
        }
        self.record.account.state()
    }

    /// Notes how the workload ended.
    pub(super) fn note_end(&mut self, exit: Exit) {
        tracing::info!(
            job = %self.address,
            code = exit.code,
            signal = exit.signal,
            reason = exit.reason.as_deref(),
            "the workload has ended"
        );
        self.record.exit = Some(exit);
        self.record.ended_at_ms = self.services.clock.unix_ms();
        self.services.slots.give_back(self.address);
    }

    /// Answers everyone who waits for the start.
    pub(super) fn answer_waiting(&mut self, answer: &Result<(), Refusal>) {
        for reply in self.waiting.drain(..) {
            let _ = reply.send(answer.clone());
        }
    }

    /// Answers an order that comes when the workload no longer runs.
    pub(super) fn answer_late(&self, order: Order) {
        let (reply, answer) = match order {
            Order::Finish(reply) => (reply, Ok(())),
            Order::BundleStored(reply) => (reply, Ok(())),
            Order::Start(request, reply) if self.record.metered && self.record.command.as_ref() == Some(&request) => {
                (reply, Ok(()))
            }
            Order::Start(_, reply) => {
                let reason = self.record.exit.as_ref().and_then(|exit| exit.reason.clone());
                let reason = reason.unwrap_or_else(|| "its workload has run".to_owned());
                (
                    reply,
                    Err(Refusal::Conflict(format!(
                        "the job cannot be started any more: {reason}"
                    ))),
                )
            }
        };
        // A tenant that hung up meanwhile does not need the answer.
        let _ = reply.send(answer);
    }

    /// After the end: keeps the files for the tenant for a while, then forgets the job.
    async fn retire(mut self) {
        self.answer_waiting(&Err(Refusal::Conflict("the job has ended on chain".to_owned())));
        if let Ok(Found::Running(workload)) = self.services.runtime.find(&self.directory).await {
            workload.end();
            workload.ended().await;
        }
        self.services.slots.give_back(self.address);
        let ended_for = self.services.clock.unix_ms().saturating_sub(self.record.ended_at_ms);
        let ended_for = Duration::from_millis(u64::try_from(ended_for).unwrap_or(0));
        let forget = sleep(self.services.settings.keep_ended.saturating_sub(ended_for));
        tokio::pin!(forget);
        loop {
            tokio::select! {
                () = &mut forget => break,
                Some(order) = self.orders.recv() => self.answer_late(order),
            }
        }
        let (services, directory, address) = (Arc::clone(&self.services), self.directory.clone(), self.address);
        let forgotten = spawn_blocking(move || {
            files::remove(directory.path());
            services.log.forget(&address)
        });
        if let Ok(Err(error)) = forgotten.await {
            tracing::warn!(job = %self.address, %error, "an ended job could not be forgotten");
        }
    }
}
