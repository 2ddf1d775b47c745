//! Everything about a running network, for people and for tests.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context, Result};
use serde::Serialize;

/// What `--ready-file` holds.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Network {
    /// JSON-RPC.
    pub(crate) rpc_url: String,
    /// Websockets.
    pub(crate) ws_url: String,
    /// Yellowstone gRPC.
    pub(crate) grpc_url: String,
    /// The indexer's query API.
    pub(crate) api_url: String,
    /// The indexer's database.
    pub(crate) database_url: String,
    /// The mints.
    pub(crate) mints: Mints,
    /// Files with keys.
    pub(crate) keys: Keys,
    /// The agents.
    pub(crate) agents: Vec<Agent>,
    /// This run's files.
    pub(crate) run_dir: String,
    /// The processes' logs, `NAME.log` each.
    pub(crate) logs_dir: String,
    /// The running processes by name: `sandbox`, `watchdog`, `postgres`, `indexer`, `agent-1`…
    pub(crate) pids: BTreeMap<String, u32>,
}

/// The mints' addresses.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Mints {
    /// The network token, 9 decimals.
    pub(crate) gnt: String,
    /// The local stand-in for USDC, 6 decimals.
    pub(crate) usdc: String,
}

/// Keypair files.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Keys {
    /// Upgrade authority, market and pool authority, mint authority.
    pub(crate) admin: String,
    /// The treasury, which gets the fees that are not burned.
    pub(crate) treasury: String,
    /// The tenant.
    pub(crate) tenant: String,
}

/// One agent.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Agent {
    /// Its process's name.
    pub(crate) name: String,
    /// Its HTTPS endpoint.
    pub(crate) endpoint: String,
    /// The provider's wallet.
    pub(crate) provider: String,
    /// The wallet's key.
    pub(crate) keypair: String,
    /// Its configuration.
    pub(crate) config: String,
    /// Where it keeps its receipts and work.
    pub(crate) data_dir: String,
    /// Micro-atoms of USDC per second and GPU.
    pub(crate) rate: u64,
}

impl Network {
    /// What `gantry` needs to know to act as this network's tenant.
    pub(crate) fn environment(&self) -> [(&'static str, String); 6] {
        [
            ("GANTRY_RPC_URL", self.rpc_url.clone()),
            ("GANTRY_WS_URL", self.ws_url.clone()),
            ("GANTRY_API_URL", self.api_url.clone()),
            ("GANTRY_KEYPAIR", self.keys.tenant.clone()),
            ("GANTRY_MINT", self.mints.usdc.clone()),
            ("GANTRY_STATE_DIR", format!("{}/tenant", self.run_dir)),
        ]
    }

    /// Writes the description in one step, so that a reader never sees half of it, and for our own eyes: the database's password is
    /// in it.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        let unfinished = path.with_extension("unfinished");
        let write = || {
            // One that an interrupted run left may be open to others.
            let _ = fs::remove_file(&unfinished);
            let mut file = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&unfinished)?;
            file.write_all(&text)?;
            fs::rename(&unfinished, path)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }
}
