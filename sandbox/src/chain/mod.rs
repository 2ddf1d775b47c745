//! The local Solana chain: a real virtual machine with JSON-RPC, websockets and Yellowstone gRPC, inside this process.

mod blocks;
mod programs;

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use solana_hash::Hash;
use solana_pubkey::Pubkey;
use solana_signer::Signer as _;
use surfpool_core::surfnet::{
    GeyserEvent,
    locker::SurfnetSvmLocker,
    svm::{SurfnetSvm, SurfnetSvmConfig},
};
use surfpool_types::{BlockProductionMode, RpcConfig, SimnetCommand, SimnetConfig, SimnetEvent, SurfpoolConfig};
use tokio::sync::watch;

use self::blocks::BlockClock;
pub use self::programs::Program;
use crate::ports::{Claim, Reserved};
use crate::yellowstone::{Hub, ReplayLimits, Server, convert};

/// Mainnet's time between blocks.
const SLOT: Duration = Duration::from_millis(400);
const START_PATIENCE: Duration = Duration::from_secs(30);

/// Why the chain could not be started.
#[derive(Debug, thiserror::Error)]
pub enum ChainError {
    /// The embedded network refused.
    #[error("the local chain did not start: {0}")]
    Start(String),
    /// A program could not be put on the chain.
    #[error("cannot load the program {name}: {reason}")]
    Program {
        /// The program's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The operating system refused.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: std::io::Error,
    },
}

/// Where the chain is to listen and what it holds before its first block.
#[derive(Debug)]
pub struct ChainConfig {
    /// JSON-RPC's port.
    pub rpc: Reserved,
    /// The websockets' port.
    pub ws: Reserved,
    /// Yellowstone's port.
    pub grpc: Reserved,
    /// Programs that are there from the start.
    pub programs: Vec<Program>,
    /// A wallet with plenty of lamports to pay for everything else.
    pub faucet: Pubkey,
    /// What the faucet starts with.
    pub faucet_lamports: u64,
    /// How much Yellowstone keeps for replay.
    pub replay: ReplayLimits,
}

/// The running chain. Stops when dropped.
#[derive(Debug)]
pub struct Chain {
    rpc: Claim,
    ws: Claim,
    yellowstone: Server,
    // Stops before the run loop does.
    _blocks: BlockClock,
    commands: Sender<SimnetCommand>,
    ended: watch::Receiver<Option<String>>,
}

impl Chain {
    /// Starts the chain; when this returns, it answers and its programs can be called.
    ///
    /// # Errors
    /// When a port is taken or a program is no program.
    pub async fn start(config: ChainConfig) -> Result<Self, ChainError> {
        // The embedded network blocks its callers, which a runtime's own threads must not be.
        tokio::task::spawn_blocking(|| Self::start_blocking(config))
            .await
            .unwrap_or_else(|panic| Err(ChainError::Start(panic.to_string())))
    }

    fn start_blocking(config: ChainConfig) -> Result<Self, ChainError> {
        let svm_config = SurfnetSvmConfig {
            slot_time: millis(SLOT),
            instruction_profiling_enabled: false,
            ..Default::default()
        };
        let (mut svm, simnet_events, geyser_events) =
            SurfnetSvm::new(svm_config).map_err(|error| ChainError::Start(error.to_string()))?;
        // Blockhashes repeat from boot to boot. A genesis hash of its own keeps what was signed for one boot out of the next.
        svm.cached_genesis_hash = Some(Hash::new_from_array(solana_keypair::Keypair::new().pubkey().to_bytes()));
        let locker = SurfnetSvmLocker::new(svm);

        let hub = Arc::new(Hub::new(config.replay));
        let forwarded = tee(geyser_events, hub.clone())?;
        let started = watch(simnet_events)?;
        for program in &config.programs {
            program.load(&locker)?;
        }

        let (commands, on_command) = unbounded();
        let surfpool = surfpool_config(&config);
        // The network opens these two itself.
        let (rpc, ws) = (config.rpc.release(), config.ws.release());
        let ended = run(
            surfpool,
            locker.clone(),
            commands.clone(),
            on_command,
            forwarded,
            &started,
        )?;
        require_funded(&locker, config.faucet, config.faucet_lamports)?;
        let yellowstone = Server::start(config.grpc.into_listener(), hub).map_err(|source| ChainError::Io {
            action: "serve Yellowstone gRPC",
            source,
        })?;
        let blocks = BlockClock::start(SLOT, commands.clone()).map_err(|source| ChainError::Io {
            action: "start the block clock",
            source,
        })?;
        Ok(Self {
            rpc,
            ws,
            yellowstone,
            _blocks: blocks,
            commands,
            ended,
        })
    }

    /// Waits until the chain ends by itself, which it never should, and says why.
    pub async fn ended(&self) -> String {
        let mut ended = self.ended.clone();
        let reason = ended
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|reason| reason.clone());
        reason.unwrap_or_else(|| "its thread panicked".into())
    }

    /// JSON-RPC's address.
    #[must_use]
    pub fn rpc_url(&self) -> String {
        format!("http://{}", self.rpc.address())
    }

    /// The websockets' address.
    #[must_use]
    pub fn ws_url(&self) -> String {
        format!("ws://{}", self.ws.address())
    }

    /// Yellowstone's address.
    #[must_use]
    pub fn grpc_url(&self) -> String {
        format!("http://{}", self.yellowstone.address())
    }
}

impl Drop for Chain {
    fn drop(&mut self) {
        // Fails only when the run loop has already ended.
        let _ = self.commands.send(SimnetCommand::Terminate(None));
    }
}

fn surfpool_config(config: &ChainConfig) -> SurfpoolConfig {
    SurfpoolConfig {
        simnets: vec![SimnetConfig {
            offline_mode: true,
            remote_rpc_url: None,
            slot_time: millis(SLOT),
            // Blocks come from our own clock, which does not drift.
            block_production_mode: BlockProductionMode::Manual,
            airdrop_addresses: vec![config.faucet],
            airdrop_token_amount: config.faucet_lamports,
            instruction_profiling_enabled: false,
            ..Default::default()
        }],
        rpc: RpcConfig {
            bind_host: config.rpc.address().ip().to_string(),
            bind_port: config.rpc.port(),
            ws_port: config.ws.port(),
            ..Default::default()
        },
        ..Default::default()
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Copies the chain's events to the hub on their way to the chain's own listener, which must get every one of them.
fn tee(events: Receiver<GeyserEvent>, hub: Arc<Hub>) -> Result<Receiver<GeyserEvent>, ChainError> {
    let (forward, forwarded) = unbounded();
    spawn("geyser", move || {
        for event in events {
            if let Some(update) = convert::event(&event) {
                hub.feed(update);
            }
            // Fails only when the chain has stopped.
            let _ = forward.send(event);
        }
    })?;
    Ok(forwarded)
}

/// Drains the chain's own log, which would block it when full, and reports how its start went.
fn watch(events: Receiver<SimnetEvent>) -> Result<Receiver<Result<(), String>>, ChainError> {
    let (report, started) = bounded(1);
    spawn("chain-log", move || {
        for event in events {
            match event {
                SimnetEvent::CoreStarted(_) => drop(report.try_send(Ok(()))),
                SimnetEvent::Aborted(reason) => drop(report.try_send(Err(reason))),
                SimnetEvent::ErrorLog(_, line) => tracing::debug!(target: "chain", "{line}"),
                SimnetEvent::WarnLog(_, line) => tracing::debug!(target: "chain", "{line}"),
                SimnetEvent::InfoLog(_, line) => tracing::trace!(target: "chain", "{line}"),
                _ => {}
            }
        }
    })?;
    Ok(started)
}

/// The embedded network only logs when its own treasury cannot pay what the faucet is to start with.
fn require_funded(locker: &SurfnetSvmLocker, faucet: Pubkey, expected: u64) -> Result<(), ChainError> {
    let account = locker.with_svm_reader(|svm| svm.inner.get_account(&faucet.to_bytes().into()));
    let lamports = account.ok().flatten().map_or(0, |account| account.lamports);
    if lamports == expected {
        return Ok(());
    }
    Err(ChainError::Start(format!(
        "the faucet got {lamports} lamports instead of {expected}"
    )))
}

/// Starts the chain's run loop and waits until it serves. What it returns says when and why the run loop ended.
fn run(
    config: SurfpoolConfig,
    locker: SurfnetSvmLocker,
    commands: Sender<SimnetCommand>,
    on_command: Receiver<SimnetCommand>,
    forwarded: Receiver<GeyserEvent>,
    started: &Receiver<Result<(), String>>,
) -> Result<watch::Receiver<Option<String>>, ChainError> {
    let (end, ended) = watch::channel(None);
    let (failed, on_failure) = bounded(1);
    spawn("chain", move || {
        let run_loop =
            surfpool_core::runloops::start_local_surfnet_runloop(locker, config, commands, on_command, forwarded);
        let reason = match hiro_system_kit::nestable_block_on(run_loop) {
            Ok(()) => "it was told to end".to_owned(),
            Err(error) => error.to_string(),
        };
        let _ = failed.try_send(reason.clone());
        // Fails only when nobody waits for the end any more.
        let _ = end.send(Some(reason));
    })?;
    let deadline = Instant::now() + START_PATIENCE;
    crossbeam_channel::select! {
        recv(started) -> report => match report {
            Ok(Ok(())) => Ok(ended),
            Ok(Err(reason)) => Err(ChainError::Start(reason)),
            Err(_) => Err(ChainError::Start("its log ended".into())),
        },
        recv(on_failure) -> reason => Err(ChainError::Start(reason.unwrap_or_else(|_| "its thread panicked".into()))),
        recv(crossbeam_channel::at(deadline)) -> _ => Err(ChainError::Start("it took longer than 30 s".into())),
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), ChainError> {
    thread::Builder::new()
        .name(name.into())
        .spawn(body)
        .map(drop)
        .map_err(|source| ChainError::Io {
            action: "start a thread",
            source,
        })
}
