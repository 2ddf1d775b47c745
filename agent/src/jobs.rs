//! All jobs of this node: those that the chain shows, those that tenants name, those that were there before a restart.

use futures::future::join_all;
use gantry_sdk::{
    Pubkey, Signer,
    market::state::{Job, JobState},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::{
    sync::{Semaphore, mpsc},
    time::{sleep, timeout},
};

use crate::{
    chain::{ChainError, Sighting},
    job::{JobHandle, JobRecord, Services, Stage, Task},
    receipts::LogError,
    runtime::Found,
};

/// Requests that name unknown jobs make the agent ask the chain; no more than this many at a time.
const MAX_LOADING: usize = 4;
/// How often each living job is read from the chain, in case the news of its end was missed.
const REFRESH_INTERVAL: Duration = Duration::from_secs(10);
/// How often an agent that takes no new jobs looks whether its last one has ended.
const IDLE_INTERVAL: Duration = Duration::from_millis(500);
/// How long workloads may take to end when the agent ends them with itself.
const END_PATIENCE: Duration = Duration::from_secs(8);

/// The jobs of one node.
pub struct Jobs {
    services: Arc<Services>,
    owner: Pubkey,
    node: OnceLock<Pubkey>,
    handles: Mutex<HashMap<Pubkey, Arc<JobHandle>>>,
    loading: Semaphore,
}

impl Jobs {
    /// No jobs yet. `owner` is the provider's wallet.
    #[must_use]
    pub fn new(services: Arc<Services>, owner: Pubkey) -> Arc<Self> {
        let (node, handles, loading) = (OnceLock::new(), Mutex::default(), Semaphore::new(MAX_LOADING));
        Arc::new(Self {
            services,
            owner,
            node,
            handles,
            loading,
        })
    }

    /// Takes new jobs of this node from now on.
    pub fn serve(&self, node: Pubkey) {
        // Said once, after registration.
        let _ = self.node.set(node);
    }

    fn handles(&self) -> MutexGuard<'_, HashMap<Pubkey, Arc<JobHandle>>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes up what an earlier run of the agent left.
    ///
    /// # Errors
    /// [`LogError`] when the log cannot be read.
    pub fn restore(self: &Arc<Self>) -> Result<(), LogError> {
        for (address, json) in self.services.log.remembered()? {
            match JobRecord::from_json(&json) {
                Ok(record) => {
                    tracing::info!(job = %address, stage = ?record.stage, "taking up a job of an earlier run");
                    match self.spawn(address, record) {
                        // The others must not suffer for it.
                        Err(error @ LogError::Damaged(_)) => {
                            tracing::error!(job = %address, %error, "a job of an earlier run cannot be taken up");
                        }
                        other => drop(other?),
                    }
                }
                Err(error) => tracing::error!(job = %address, %error, "a job of an earlier run cannot be taken up"),
            }
        }
        Ok(())
    }

    fn spawn(self: &Arc<Self>, address: Pubkey, record: JobRecord) -> Result<Arc<JobHandle>, LogError> {
        let mut handles = self.handles();
        if let Some(known) = handles.get(&address) {
            return Ok(Arc::clone(known));
        }
        let (handle, task) = Task::spawn(Arc::clone(&self.services), address, record)?;
        handles.insert(address, Arc::clone(&handle));
        let jobs = Arc::downgrade(self);
        tokio::spawn(async move {
            if let Err(error) = task.await {
                tracing::error!(job = %address, %error, "the job's task broke down");
            }
            if let Some(jobs) = jobs.upgrade() {
                jobs.handles().remove(&address);
            }
        });
        Ok(handle)
    }

    /// A job that the agent knows.
    #[must_use]
    pub fn get(&self, address: &Pubkey) -> Option<Arc<JobHandle>> {
        self.handles().get(address).cloned()
    }

    /// All jobs that the agent knows.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<JobHandle>> {
        self.handles().values().cloned().collect()
    }

    /// How many jobs have not ended on chain yet.
    #[must_use]
    pub fn living(&self) -> usize {
        let handles = self.handles();
        handles
            .values()
            .filter(|handle| handle.view().stage != Stage::Closed)
            .count()
    }

    /// Waits until none is left that has not ended.
    pub async fn until_idle(&self) {
        while self.living() > 0 {
            sleep(IDLE_INTERVAL).await;
        }
    }

    /// A job that a tenant named: known, or read from the chain.
    ///
    /// # Errors
    /// [`ChainError`] when the chain cannot be asked.
    pub async fn load(self: &Arc<Self>, address: Pubkey) -> Result<Option<Arc<JobHandle>>, ChainError> {
        if let Some(known) = self.get(&address) {
            return Ok(Some(known));
        }
        // Closed only when the agent is dropped.
        let _permit = self.loading.acquire().await;
        let account = self.services.chain.job(address).await?;
        Ok(account.and_then(|account| self.saw(address, account)))
    }

    /// Takes note of a job's account; takes the job on when it is new, ours and alive.
    pub fn saw(self: &Arc<Self>, address: Pubkey, account: Job) -> Option<Arc<JobHandle>> {
        if let Some(known) = self.get(&address) {
            known.saw(account);
            return Some(known);
        }
        let alive = matches!(
            account.state(),
            Some(JobState::Open | JobState::Running | JobState::Stopped)
        );
        if !alive || account.provider != self.owner {
            return None;
        }
        if self.node.get() != Some(&account.node) || account.attestation_key != self.services.key.pubkey() {
            tracing::debug!(job = %address, "a job of this provider belongs to another node or key");
            return None;
        }
        tracing::info!(job = %address, tenant = %account.tenant, gpus = account.gpus, rate = account.rate, "a new job");
        match self.spawn(address, JobRecord::new(account, self.services.gpus.simulated())) {
            Ok(handle) => Some(handle),
            Err(error) => {
                tracing::error!(job = %address, %error, "the job cannot be taken on");
                None
            }
        }
    }

    /// Follows the news of the chain until they end.
    pub async fn follow(self: Arc<Self>, mut news: mpsc::Receiver<Sighting>) {
        while let Some((address, account)) = news.recv().await {
            self.saw(address, account);
        }
    }

    /// Reads every living job again and again.
    pub async fn refresh(self: Arc<Self>) {
        loop {
            sleep(REFRESH_INTERVAL).await;
            let chain = &self.services.chain;
            let living = self
                .all()
                .into_iter()
                .filter(|handle| handle.view().stage != Stage::Closed);
            join_all(living.map(|handle| async move {
                if let Ok(Some(account)) = chain.job(handle.address()).await {
                    handle.saw(account);
                }
            }))
            .await;
        }
    }

    /// Ends every workload, for an agent that does not leave them running when it stops.
    pub async fn end_workloads(&self) {
        let ends = self.all().into_iter().map(|handle| async move {
            if let Ok(Found::Running(workload)) = self.services.runtime.find(handle.directory()).await {
                workload.end();
                workload.ended().await;
            }
        });
        if timeout(END_PATIENCE, join_all(ends)).await.is_err() {
            tracing::warn!("some workloads did not end in time");
        }
    }
}
