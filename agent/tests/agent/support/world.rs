//! One node: its jobs, its server, its tenants.

use axum_server::Handle;
use flate2::{Compression, write::GzEncoder};
use gantry_agent::{
    clock::SystemClock,
    config::{Limits, SimulatedGpu},
    gpu::{Gpus, SimulatedGpus},
    job::{Counters, Services, Settings, Slots},
    jobs::Jobs,
    receipts::ReceiptLog,
    runtime::{SupervisedRuntime, cgroup::Cgroups},
    server::{self, ServerState},
    tls::TlsIdentity,
};
use gantry_sdk::{
    Keypair, Pubkey, Signer,
    account::Layout,
    market::state::{Job, JobState},
    wire::sha256,
};
use std::{net::TcpListener, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;
use tokio::{
    sync::Notify,
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{ScriptedChain, Tenant, tardy::Tardy};

/// Longest that anything in these tests takes.
const PATIENCE: Duration = Duration::from_secs(25);

/// An account of zeros.
pub(crate) fn blank<T: Layout>() -> T {
    T::read(&[T::DISCRIMINATOR, &vec![0; size_of::<T>()]].concat()).expect("its own layout")
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < PATIENCE, "never came about: {what}");
        sleep(Duration::from_millis(10)).await;
    }
}

/// A bundle of one file.
pub(crate) fn archive(name: &str, content: &[u8]) -> Vec<u8> {
    let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o755);
    builder.append_data(&mut header, name, content).expect("appended");
    builder.into_inner().expect("packed").finish().expect("packed")
}

/// An agent that can be killed.
struct Agent {
    jobs: Arc<Jobs>,
    services: Arc<Services>,
    endpoint: String,
    tasks: Vec<JoinHandle<()>>,
    runtime: Option<tokio::runtime::Runtime>,
}

/// The node.
pub(crate) struct World {
    pub(crate) chain: Arc<ScriptedChain>,
    pub(crate) directory: TempDir,
    pub(crate) owner: Pubkey,
    pub(crate) node: Pubkey,
    pub(crate) key: Keypair,
    pub(crate) settings: Settings,
    /// Whether the operator has said that the log may be a copy.
    pub(crate) accepts_restored_log: bool,
    late_news: Duration,
    agent: Option<Agent>,
}

impl World {
    /// A node with two simulated GPUs and receipts several times a second.
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut settings = Settings {
            data_dir: directory.path().to_owned(),
            receipt_interval: Duration::from_millis(150),
            keep_ended: Duration::from_secs(600),
            limits: Limits {
                memory_mib: 256,
                bundle_bytes: 100_000,
                ..Limits::default()
            },
            disk_reserve_bytes: 0,
            cgroups: Cgroups::discover(),
        };
        change(&mut settings);
        let mut world = Self {
            chain: Arc::new(ScriptedChain::new()),
            directory,
            owner: Pubkey::new_unique(),
            node: Pubkey::new_unique(),
            key: Keypair::new(),
            settings,
            accepts_restored_log: false,
            late_news: Duration::ZERO,
            agent: None,
        };
        world.start_agent();
        world
    }

    /// The same, with an agent that hears of the end of a workload this much later.
    pub(crate) fn with_late_news(mut self, by: Duration) -> Self {
        self.kill_agent();
        self.late_news = by;
        self.start_agent();
        self
    }

    /// The receipt log's file.
    pub(crate) fn log(&self) -> std::path::PathBuf {
        self.directory.path().join("receipts.redb")
    }

    /// Starts the agent, or starts it again after it was killed.
    pub(crate) fn start_agent(&mut self) {
        // Threads of its own, so that killing it stops everything at once, wherever it is.
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("threads");
        let inside = runtime.enter();
        let gpus: Arc<dyn Gpus> = Arc::new(SimulatedGpus::new(SimulatedGpu {
            count: 2,
            memory_mib: 1_024,
        }));
        let inventory = gpus.list().expect("simulated");
        let log = if self.accepts_restored_log {
            ReceiptLog::open_restored(&self.log())
        } else {
            ReceiptLog::open(&self.log())
        };
        let supervised = SupervisedRuntime::new(env!("CARGO_BIN_EXE_gantry-agent").into()).expect("bubblewrap");
        let services = Arc::new(Services {
            chain: Arc::clone(&self.chain) as Arc<dyn gantry_agent::chain::Chain>,
            runtime: Arc::new(Tardy {
                inner: supervised,
                by: self.late_news,
            }),
            slots: Slots::new(&inventory),
            inventory,
            gpus,
            log: Arc::new(log.expect("a log")),
            clock: Arc::new(SystemClock::new()),
            key: Arc::new(self.key.insecure_clone()),
            settings: self.settings.clone(),
            counters: Counters::default(),
            rotated: Notify::new(),
        });
        let jobs = Jobs::new(Arc::clone(&services), self.owner);
        jobs.serve(self.node);
        jobs.restore().expect("restored");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("https://{}", listener.local_addr().expect("an address"));
        let tls = TlsIdentity::load_or_generate(self.directory.path()).expect("a key");
        let state = ServerState::new(Arc::clone(&jobs), Arc::clone(&services));
        let mut news = self.chain.news();
        let following = Arc::clone(&jobs);
        let tasks = vec![
            tokio::spawn(async move {
                server::serve(listener, &tls, state, Handle::new())
                    .await
                    .expect("served")
            }),
            tokio::spawn(async move {
                while let Ok((address, job)) = news.recv().await {
                    following.saw(address, job);
                }
            }),
        ];
        drop(inside);
        self.agent = Some(Agent {
            jobs,
            services,
            endpoint,
            tasks,
            runtime: Some(runtime),
        });
    }

    /// Stops the agent between two instructions, as `kill -9` does; its supervisors live on.
    pub(crate) fn kill_agent(&mut self) {
        let mut agent = self.agent.take().expect("running");
        agent.tasks.iter().for_each(JoinHandle::abort);
        if let Some(runtime) = agent.runtime.take() {
            // Waits for disk writes that are under way, as the kernel would.
            tokio::task::block_in_place(|| runtime.shutdown_timeout(Duration::from_secs(10)));
        }
        drop(agent);
    }

    fn agent(&self) -> &Agent {
        self.agent.as_ref().expect("running")
    }

    pub(crate) fn jobs(&self) -> Arc<Jobs> {
        Arc::clone(&self.agent().jobs)
    }

    pub(crate) fn services(&self) -> Arc<Services> {
        Arc::clone(&self.agent().services)
    }

    pub(crate) fn provider_key(&self) -> Pubkey {
        self.key.pubkey()
    }

    /// Opens a job on chain and returns its tenant.
    pub(crate) fn open_job(&self, change: impl FnOnce(&mut Job)) -> Tenant {
        let session = Keypair::new();
        let now = self.chain.now();
        let mut job: Job = blank();
        job.tenant = Pubkey::new_unique();
        job.provider = self.owner;
        job.node = self.node;
        job.session_key = session.pubkey();
        job.attestation_key = self.key.pubkey();
        job.genesis_hash = [7; 32];
        (job.rate, job.escrow, job.fee_bps) = (1_000_000_000, 600_000, 100);
        (job.max_duration_s, job.grace_window_s, job.gpus) = (600, 30, 1);
        (job.opened_at, job.start_deadline) = (now, now + 60);
        job.state = JobState::Open as u8;
        change(&mut job);
        // Random: control groups are named after jobs, and several tests run at a time.
        let address = Keypair::new().pubkey();
        self.chain.set(address, job);
        self.tenant_of(address, session)
    }

    /// Opens a job with a bundle.
    pub(crate) fn open_job_with(&self, bundle: &[u8]) -> Tenant {
        self.open_job(|job| job.bundle_hash = sha256(bundle))
    }

    pub(crate) fn tenant_of(&self, job: Pubkey, session: Keypair) -> Tenant {
        Tenant::new(&self.agent().endpoint, job, session)
    }

    /// The same tenant at an agent that was started again.
    pub(crate) fn reconnect(&self, tenant: &Tenant) -> Tenant {
        self.tenant_of(tenant.job, tenant.key.insecure_clone())
    }

    /// Waits until the job is closed or cancelled on chain, and returns its account.
    pub(crate) async fn ended(&self, job: Pubkey) -> Job {
        until("the end of the job on chain", || {
            matches!(
                self.chain.get(job).state(),
                Some(JobState::Closed | JobState::Cancelled)
            )
        })
        .await;
        self.chain.get(job)
    }

    pub(crate) fn out(&self, job: Pubkey) -> std::path::PathBuf {
        self.directory.path().join("jobs").join(job.to_string()).join("out")
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(agent) = self.agent.take() {
            let jobs = Arc::clone(&agent.jobs);
            tokio::task::block_in_place(|| {
                if let Some(runtime) = agent.runtime {
                    runtime.block_on(async move { jobs.end_workloads().await });
                    runtime.shutdown_timeout(Duration::from_secs(10));
                }
            });
        }
    }
}
