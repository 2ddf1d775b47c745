//! `gantry-agent run`: everything together.

use anyhow::{Context, Result, bail};
use axum_server::Handle;
use gantry_protocol::{class::Name, device, limits::MAX_ENDPOINT_BYTES};
use gantry_sdk::{
    Keypair, Pubkey, Signer,
    client::Client,
    market::{NodeSpecification, ProviderProfile},
};
use std::{fs, net::TcpListener, os::unix::fs::PermissionsExt, sync::Arc, time::Duration};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::{Notify, mpsc},
    task::JoinSet,
    time::sleep,
};

use crate::{
    chain::{RpcChain, watch},
    clock::SystemClock,
    config::Config,
    funding::keep_funded,
    gpu::{self, Gpu},
    heartbeat, job,
    job::{Services, Settings, Slots},
    jobs::Jobs,
    keys,
    receipts::ReceiptLog,
    registration::{self, Desired, Inventory, Registered},
    runtime::{SupervisedRuntime, cgroup::Cgroups},
    server::{self, ServerState},
    settle, status,
    tls::TlsIdentity,
};

/// News of jobs that wait to be looked at.
const NEWS: usize = 256;
/// Pause before registration is tried again while the chain is away.
const REGISTRATION_RETRY: Duration = Duration::from_secs(2);

/// What the operator consents to on the command line, for one start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consent {
    /// This agent's attestation key takes the place of the one on chain.
    pub rotate_attestation_key: bool,
    /// The receipt log may be a copy; if it is, its jobs are given up.
    pub accept_restored_log: bool,
}

/// Runs until it is told to stop.
///
/// # Errors
/// When something is missing that the agent cannot work without; the message says what to do.
pub async fn run(config: Config, consent: Consent) -> Result<()> {
    prepare_data_dir(&config)?;
    let wallet = keys::load(&config.wallet)?;
    let (key, new) = keys::load_or_generate(&config.attestation_key)?;
    let key = Arc::new(key);
    if new {
        tracing::info!(key = %key.pubkey(), file = %config.attestation_key.display(), "generated the attestation key");
    }
    let tls = TlsIdentity::load_or_generate(&config.data_dir)?;
    let log = config.data_dir.join("receipts.redb");
    let log = Arc::new(if consent.accept_restored_log {
        ReceiptLog::open_restored(&log)?
    } else {
        ReceiptLog::open(&log)?
    });
    let program = std::env::current_exe().context("cannot find the agent's own binary")?;
    let runtime = Arc::new(SupervisedRuntime::new(program)?);
    let gpus: Arc<dyn gpu::Gpus> = gpu::open(config.simulated_gpu)?.into();
    let inventory = gpus.list()?;
    if gpus.simulated() {
        tracing::warn!(
            gpus = inventory.len(),
            "SIMULATED GPUs: they do not exist, and chain, samples and status say so"
        );
    }
    // Before anything is sent: a port that is taken must not leave traces on chain.
    let listener = TcpListener::bind(config.listen)
        .with_context(|| format!("cannot listen on {}; choose another address in `listen`", config.listen))?;
    let cgroups = Cgroups::discover();
    let limited = cgroups.require(config.allow_weak_limits || gpus.simulated());
    if cgroups == Cgroups::Unavailable && limited.is_ok() {
        tracing::warn!(
            "no control groups can be made here; memory, processes and CPU of workloads are limited per process only"
        );
    }

    let profile = profile(&config, key.pubkey(), tls.key_hash)?;
    let desired = Desired {
        owner: wallet.pubkey(),
        profile,
        specification: specification(&config, &inventory, gpus.simulated())?,
        gpus: identities(&inventory, gpus.simulated())?,
        prices: config.prices.clone(),
        stake: config.stake,
    };
    let owner = wallet.pubkey();
    let services = Arc::new(Services {
        chain: Arc::new(RpcChain::new(&config.rpc_url, owner, Arc::clone(&key))),
        runtime,
        slots: Slots::new(&inventory),
        inventory,
        gpus,
        log,
        clock: Arc::new(SystemClock::new()),
        key,
        settings: Settings::of(&config, cgroups),
        counters: job::Counters::default(),
        rotated: Notify::new(),
    });
    let jobs = Jobs::new(Arc::clone(&services), owner);
    let log = Arc::clone(&services.log);
    let registered = async {
        limited?;
        register(&config, wallet, desired, &log, consent.rotate_attestation_key).await
    };
    serve(&config, &tls, listener, jobs, services, owner, registered).await
}

/// Everything that goes on at the same time. Jobs of an earlier run go on at once: they do not need the chain to be there.
async fn serve(
    config: &Config,
    tls: &TlsIdentity,
    listener: TcpListener,
    jobs: Arc<Jobs>,
    services: Arc<Services>,
    owner: Pubkey,
    registered: impl Future<Output = Result<Registered>>,
) -> Result<()> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    jobs.restore()?;
    let mut background = JoinSet::new();
    background.spawn(Arc::clone(&jobs).refresh());
    background.spawn(settle::settle_forever(
        Arc::clone(&jobs),
        Arc::clone(&services),
        config.settle_interval,
    ));
    let handle = Handle::new();
    let server = server::serve(
        listener,
        tls,
        ServerState::new(Arc::clone(&jobs), Arc::clone(&services)),
        handle.clone(),
    );
    tokio::pin!(server, registered);
    let (mut is_registered, mut refused) = (false, None);
    let asked = loop {
        tokio::select! {
            ended = &mut server => bail!("the HTTPS server stopped: {ended:?}"),
            Some(ended) = background.join_next() => bail!("a part of the agent stopped: {ended:?}"),
            registered = &mut registered, if !is_registered => {
                is_registered = true;
                follow_jobs(config, &jobs, &services, owner, &mut background);
                match registered {
                    Ok(registered) => begin(config, &jobs, &services, owner, registered, &mut background),
                    // What is wrong with new jobs must not cost those that run: tenants use them, and owe for them.
                    Err(error) if jobs.living() > 0 => {
                        tracing::error!(
                            error = format!("{error:#}"), jobs = jobs.living(),
                            "the agent offers nothing new; it serves the jobs of its earlier run to their end, then it stops"
                        );
                        refused = Some(error);
                    }
                    Err(error) => return Err(error),
                }
            }
            () = jobs.until_idle(), if refused.is_some() => {
                if let Some(error) = refused.take() {
                    return Err(error);
                }
            }
            _ = interrupt.recv() => break "SIGINT",
            _ = terminate.recv() => break "SIGTERM",
        }
    };
    tracing::info!(signal = asked, keep_workloads = config.keep_workloads, "stopping");
    server::stop(&handle);
    let end_workloads = async {
        if !config.keep_workloads {
            jobs.end_workloads().await;
        }
    };
    let (served, ()) = tokio::join!(server, end_workloads);
    background.shutdown().await;
    served.context("the HTTPS server failed")
}

/// What jobs need, old and new: news of the chain, and a hot key that can pay fees.
fn follow_jobs(
    config: &Config,
    jobs: &Arc<Jobs>,
    services: &Arc<Services>,
    owner: Pubkey,
    background: &mut JoinSet<()>,
) {
    let (news, sightings) = mpsc::channel(NEWS);
    background.spawn(watch(Arc::clone(&services.chain), config.ws_url.clone(), owner, news));
    background.spawn(Arc::clone(jobs).follow(sightings));
    let hot_key = services.key.pubkey();
    background.spawn(keep_funded(config.rpc_url.clone(), config.wallet.clone(), hot_key));
}

/// Takes new jobs, now that the node stands on chain.
fn begin(
    config: &Config,
    jobs: &Arc<Jobs>,
    services: &Arc<Services>,
    owner: Pubkey,
    registered: Registered,
    background: &mut JoinSet<()>,
) {
    let max_age = Duration::from_secs(u64::from(registered.config.heartbeat_max_age_s));
    let nameplate = status::Nameplate {
        provider: owner.to_string(),
        node: registered.node.to_string(),
        endpoint: config.endpoint.clone(),
    };
    jobs.serve(registered.node);
    if !registered.later.is_empty() {
        let (rpc_url, wallet) = (config.rpc_url.clone(), config.wallet.clone());
        background.spawn(registration::retire_later(rpc_url, wallet, owner, registered.later));
    }
    background.spawn(heartbeat::beat_forever(Arc::clone(services), registered.node, max_age));
    background.spawn(status::write_forever(Arc::clone(jobs), Arc::clone(services), nameplate));
    tracing::info!(
        provider = %owner, node = %registered.node, endpoint = config.endpoint, listen = %config.listen, "ready"
    );
}

/// Registers, and waits for a chain that is away.
async fn register(
    config: &Config,
    wallet: Keypair,
    desired: Desired,
    log: &ReceiptLog,
    rotate: bool,
) -> Result<Registered> {
    let client = Client::new(&config.rpc_url);
    tracing::info!(offers = registration::describe(&desired), "registering");
    loop {
        match registration::register(&client, &wallet, &desired, log, rotate).await {
            Err(error) if is_transient(&error) => {
                tracing::warn!(error = format!("{error:#}"), "the chain is away; trying again");
                sleep(REGISTRATION_RETRY).await;
            }
            // The wallet's key is dropped with this: the hot key suffices from here on, until it has to be topped up, for which the
            // wallet is read again for a moment.
            outcome => return outcome,
        }
    }
}

fn is_transient(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<gantry_sdk::client::ClientError>()
        .is_some_and(gantry_sdk::client::ClientError::is_transient)
}

fn prepare_data_dir(config: &Config) -> Result<()> {
    let path = &config.data_dir;
    let context = || format!("cannot use the data directory {}", path.display());
    fs::create_dir_all(path).with_context(context)?;
    // Keys and tenants' files lie below.
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).with_context(context)
}

fn profile(config: &Config, attestation_key: Pubkey, tls_key_hash: [u8; 32]) -> Result<ProviderProfile> {
    let mut endpoint = [0; MAX_ENDPOINT_BYTES];
    let text = config.endpoint.as_bytes();
    endpoint
        .get_mut(..text.len())
        .context("the endpoint is too long")?
        .copy_from_slice(text);
    Ok(ProviderProfile {
        attestation_key,
        tls_key_hash,
        endpoint,
        endpoint_bytes: u16::try_from(text.len())?,
    })
}

/// What the node is: the class from the configuration or the GPUs' model, the memory of the smallest GPU.
fn specification(config: &Config, inventory: &[Gpu], simulated: bool) -> Result<NodeSpecification> {
    let class: Name = match config.class {
        Some(class) => class,
        None => gpu::class::of_all(inventory)?,
    };
    let smallest = inventory
        .iter()
        .map(|gpu| gpu.memory_bytes)
        .min()
        .context("there are no GPUs")?;
    Ok(NodeSpecification {
        class,
        region: config.region,
        memory_mib: u32::try_from(smallest >> 20)?,
        min_duration_s: config.min_duration_s,
        max_duration_s: config.max_duration_s,
        simulated,
    })
}

/// What tells the GPUs from all others of the network.
fn identities(inventory: &[Gpu], simulated: bool) -> Result<Inventory> {
    if simulated {
        return Ok(Inventory::Simulated(u16::try_from(inventory.len())?));
    }
    let identity = |gpu: &Gpu| {
        let uuid = device::nvidia_uuid(&gpu.uuid).with_context(|| {
            format!(
                "the driver calls GPU {} {:?}, which is not the UUID of an NVIDIA GPU; compare with `nvidia-smi -L`",
                gpu.index, gpu.uuid
            )
        })?;
        Ok(device::nvidia(&uuid))
    };
    inventory
        .iter()
        .map(identity)
        .collect::<Result<_>>()
        .map(Inventory::Real)
}
