//! Keeps the hot key able to pay fees. It holds little, for it lies on a machine that runs strangers' programs.

use anyhow::{Context, Result};
use gantry_sdk::{Pubkey, Signer, client::Client};
use solana_system_interface::instruction::transfer;
use std::{path::PathBuf, time::Duration};
use tokio::time::sleep;

use crate::keys;

/// Below this the hot key is topped up: 400 settlements of two jobs each. Such a transaction carries five signatures (the payer's and
/// two of each receipt) at 5 000 lamports; one job's carries three.
pub const LEAST_LAMPORTS: u64 = 10_000_000;
/// What it is topped up to.
pub const FUNDED_LAMPORTS: u64 = 50_000_000;

/// How often the balance is looked at. In this time the least pays for 800 jobs that are settled once a minute.
const INTERVAL: Duration = Duration::from_secs(60);

/// Tops the hot key up from the wallet for good. The wallet's key is read only when it is needed.
pub async fn keep_funded(rpc_url: String, wallet: PathBuf, hot_key: Pubkey) {
    let client = Client::new(&rpc_url);
    loop {
        sleep(INTERVAL).await;
        if let Err(error) = top_up(&client, &wallet, hot_key).await {
            tracing::warn!(
                error = format!("{error:#}"),
                "the attestation key could not be topped up; without fees it cannot settle"
            );
        }
    }
}

async fn top_up(client: &Client, wallet: &std::path::Path, hot_key: Pubkey) -> Result<()> {
    let lamports = client
        .rpc()
        .get_balance(&hot_key)
        .await
        .context("cannot read its balance")?;
    if lamports >= LEAST_LAMPORTS {
        return Ok(());
    }
    let wallet = keys::load(wallet)?;
    let missing = FUNDED_LAMPORTS - lamports;
    client
        .send(&[transfer(&wallet.pubkey(), &hot_key, missing)], &wallet, &[])
        .await?;
    tracing::info!(lamports = missing, "topped the attestation key up for fees");
    Ok(())
}
