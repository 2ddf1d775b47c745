//! GPUs that leave their node once a job there has ended.

use anyhow::Result;
use gantry_sdk::{
    Pubkey, address,
    client::Client,
    instruction::market::{device_register, device_retire},
    market::state::{Device, Node},
};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::time::sleep;

use super::{devices::Later, step::short};
use crate::keys;

/// How often the nodes are looked at: until then the chain offers a GPU that is not there, whose tenant gets its escrow back.
const INTERVAL: Duration = Duration::from_secs(20);

/// Retires them one after the other, until none is left. The wallet's key is read only when it is needed.
pub async fn retire_later(rpc_url: String, wallet: PathBuf, owner: Pubkey, mut waiting: Vec<Later>) {
    let client = Client::new(&rpc_url);
    while !waiting.is_empty() {
        sleep(INTERVAL).await;
        let mut left = Vec::new();
        for gpu in waiting {
            match retire(&client, &wallet, owner, &gpu).await {
                Ok(true) => tracing::info!(gpu = short(&gpu.identity), node = gpu.from, "left its node on chain"),
                Ok(false) => left.push(gpu),
                Err(error) => {
                    tracing::warn!(
                        gpu = short(&gpu.identity),
                        node = gpu.from,
                        error = format!("{error:#}"),
                        "the GPU could not be retired; trying again"
                    );
                    left.push(gpu);
                }
            }
        }
        waiting = left;
    }
    // Those who wait for this task would take its end for a failure.
    std::future::pending().await
}

/// Whether it has left its node.
async fn retire(client: &Client, wallet: &Path, owner: Pubkey, gpu: &Later) -> Result<bool> {
    let provider = address::provider(&owner);
    let from = address::node(&provider, gpu.from);
    let device: Option<Device> = client.find(&address::device(&gpu.identity)).await?;
    if device.is_none_or(|device| device.node != from) {
        return Ok(true);
    }
    if client.get::<Node>(&from).await?.gpus_free == 0 {
        return Ok(false);
    }
    let wallet = keys::load(wallet)?;
    let mut instructions = vec![device_retire(owner, owner, from, &gpu.identity)];
    if let Some(to) = gpu.to {
        instructions.push(device_register(owner, address::node(&provider, to), gpu.identity));
    }
    client.send(&instructions, &wallet, &[]).await?;
    Ok(true)
}
