//! The agents' configurations: three providers who disagree about the price.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, Result};
use gantry_sdk::Pubkey;
use serde::Serialize;

use super::{
    genesis::{GNT, USDC},
    network::Agent,
    options::Options,
    wallets::Wallet,
};

/// The first agent's usual port; the others follow.
pub(crate) const FIRST_PORT: u16 = 9701;

/// One cent in micro-atoms of USDC.
const CENT: u64 = USDC / 100 * 1_000_000;
const HOUR_S: u64 = 3_600;
/// What the agents ask, in cents per hour and GPU; with more agents than prices, each round asks a little more.
const PRICES_CENTS_PER_HOUR: [u64; 3] = [252, 180, 360];
const REGIONS: [&str; 3] = ["eu-central", "us-east", "ap-south"];

const GPU_COUNT: u16 = 1;
const GPU_MEMORY_MIB: u32 = 81_920;
/// Enough for ten GPUs' jobs at once.
const STAKE: u64 = 1_000 * GNT;
const MIN_DURATION_S: u32 = 1;
const MAX_DURATION_S: u32 = 3_600;

/// An agent's configuration file.
#[derive(Serialize)]
struct Config<'a> {
    rpc_url: &'a str,
    ws_url: &'a str,
    data_dir: &'a Path,
    wallet: &'a Path,
    listen: String,
    endpoint: &'a str,
    region: &'a str,
    min_duration_s: u32,
    max_duration_s: u32,
    receipt_interval_ms: u64,
    settle_interval_s: u64,
    /// The network goes, and with it everything that runs on it.
    keep_workloads: bool,
    stake: u64,
    prices: BTreeMap<String, u64>,
    simulate_gpu: SimulatedGpu,
}

#[derive(Serialize)]
struct SimulatedGpu {
    count: u16,
    memory_mib: u32,
}

/// Where an agent finds the chain and where it is found itself.
pub(crate) struct Place<'a> {
    /// JSON-RPC.
    pub(crate) rpc_url: &'a str,
    /// Websockets.
    pub(crate) ws_url: &'a str,
    /// The port for tenants.
    pub(crate) port: u16,
    /// This run's files.
    pub(crate) run_dir: &'a Path,
}

/// Writes the configuration of agent number `index`, counted from zero.
pub(crate) fn configure(
    index: u16,
    wallet: &Wallet,
    usdc: Pubkey,
    place: &Place<'_>,
    options: &Options,
) -> Result<Agent> {
    let name = format!("agent-{}", index + 1);
    let data_dir = place.run_dir.join(&name);
    fs::create_dir_all(&data_dir).with_context(|| format!("cannot create {}", data_dir.display()))?;
    let endpoint = format!("https://127.0.0.1:{}", place.port);
    let rate = rate(index);
    let config = Config {
        rpc_url: place.rpc_url,
        ws_url: place.ws_url,
        data_dir: &data_dir,
        wallet: &wallet.path,
        listen: format!("127.0.0.1:{}", place.port),
        endpoint: &endpoint,
        region: REGIONS[usize::from(index) % REGIONS.len()],
        min_duration_s: MIN_DURATION_S,
        max_duration_s: MAX_DURATION_S,
        receipt_interval_ms: options.receipt_every_ms,
        settle_interval_s: options.settle_every_s,
        keep_workloads: false,
        stake: STAKE,
        prices: BTreeMap::from([(usdc.to_string(), rate)]),
        simulate_gpu: SimulatedGpu {
            count: GPU_COUNT,
            memory_mib: GPU_MEMORY_MIB,
        },
    };
    let path = place.run_dir.join(format!("{name}.toml"));
    let text = toml::to_string(&config).context("cannot write an agent's configuration")?;
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(Agent {
        name,
        endpoint,
        provider: wallet.address().to_string(),
        keypair: wallet.path.display().to_string(),
        config: path.display().to_string(),
        data_dir: data_dir.display().to_string(),
        rate,
    })
}

fn rate(index: u16) -> u64 {
    let index = usize::from(index);
    let round = u64::try_from(index / PRICES_CENTS_PER_HOUR.len()).unwrap_or(0);
    (PRICES_CENTS_PER_HOUR[index % PRICES_CENTS_PER_HOUR.len()] + round) * CENT / HOUR_S
}

/// A rate as people think of it.
pub(crate) fn in_words(rate: u64) -> String {
    let cents = (rate * HOUR_S).div_ceil(CENT);
    format!("{}.{:02} USDC per hour and GPU", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_agents_ask_the_same_price() {
        let rates: std::collections::BTreeSet<u64> = (0..16).map(rate).collect();
        assert_eq!(rates.len(), 16);
    }

    #[test]
    fn a_rate_reads_as_what_it_was_meant_to_be() {
        assert_eq!(in_words(rate(0)), "2.52 USDC per hour and GPU");
        assert_eq!(in_words(rate(1)), "1.80 USDC per hour and GPU");
    }
}
