//! What the indexer is told at its start.

use std::{net::SocketAddr, time::Duration};

use clap::Parser;

/// Mirrors Gantry's accounts and events into Postgres and answers questions about them.
#[derive(Clone, Debug, Parser)]
#[command(name = "gantry-indexer", version)]
pub struct Config {
    /// Address of the database, such as postgres://user:password@host:5432/gantry.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// Address of the Yellowstone gRPC service.
    #[arg(long, env = "GANTRY_GRPC_URL")]
    pub grpc_url: String,
    /// Access token of the Yellowstone gRPC service, if it wants one.
    #[arg(long, env = "GANTRY_GRPC_TOKEN", hide_env_values = true)]
    pub grpc_token: Option<String>,
    /// Address of an RPC node of the same cluster.
    #[arg(long, env = "GANTRY_RPC_URL")]
    pub rpc_url: String,
    /// Where the API listens.
    #[arg(long, env = "GANTRY_API_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Milliseconds that the tables may be behind the chain before /readyz says so.
    #[arg(long, env = "GANTRY_MAX_LAG_MS", default_value_t = 5_000)]
    pub max_lag_ms: u64,
    /// Seconds without a slot after which the stream counts as dead.
    #[arg(long, env = "GANTRY_STREAM_SILENCE_S", default_value_t = 15)]
    pub stream_silence_s: u64,
}

impl Config {
    /// Silence after which the stream counts as dead.
    #[must_use]
    pub fn stream_silence(&self) -> Duration {
        Duration::from_secs(self.stream_silence_s)
    }
}
