//! Reads from the chain what the plan needs.

use futures::future::try_join_all;
use gantry_sdk::{
    Pubkey, address,
    client::{Client, ClientError},
    market::state::{Balance, Device, GpuClass, Job, Node, PriceRange, Provider, RegisteredMint},
    staking::state::{Pool, Stake},
};
use std::collections::BTreeMap;

use super::plan::{Desired, OnChain, serving};
use crate::chain::living_jobs;

/// Where a device names its provider.
const DEVICE_PROVIDER_AT: usize = 32;
/// Where a token account keeps its amount.
const TOKEN_AMOUNT_AT: usize = 64;

/// Reads everything that the plan looks at.
///
/// # Errors
/// [`ClientError`] when the chain cannot be read, or the market is not there.
pub async fn read(client: &Client, desired: &Desired) -> Result<OnChain, ClientError> {
    let owner = desired.owner;
    let (config, pool) = tokio::try_join!(client.config(), async { client.get::<Pool>(&address::pool()).await })?;
    let provider_address = address::provider(&owner);
    let provider: Option<Provider> = client.find(&provider_address).await?;
    let mut nodes = Vec::new();
    for id in 0..provider.map_or(0, |provider| provider.nodes) {
        nodes.push(client.get::<Node>(&address::node(&provider_address, id)).await?);
    }
    let devices = devices(client, desired, &provider_address, &nodes).await?;
    let classes = client.all::<GpuClass>(&[]).await?;
    let (mut mints, mut ranges, mut balances) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
    for mint in desired.prices.keys() {
        if let Some(registered) = client.find::<RegisteredMint>(&address::registered_mint(mint)).await? {
            mints.insert(*mint, registered);
        }
        let range = address::price_range(&desired.specification.class, mint);
        if let Some(range) = client.find::<PriceRange>(&range).await? {
            ranges.insert(*mint, range);
        }
        if client.find::<Balance>(&address::balance(&owner, mint)).await?.is_some() {
            balances.push(*mint);
        }
    }
    let stake: Option<Stake> = client.find(&address::stake(&owner)).await?;
    let stake_token_program = owner_of(client, &pool.mint).await?;
    let source = address::associated_token(&owner, &pool.mint, &stake_token_program);
    let tokens = client.data(&source).await?.unwrap_or_default();
    let amount = tokens
        .get(TOKEN_AMOUNT_AT..TOKEN_AMOUNT_AT + 8)
        .and_then(|bytes| bytes.try_into().ok());
    let hot_key_lamports = lamports(client, &desired.profile.attestation_key).await?;
    let jobs = living_jobs(client, &owner).await?;
    Ok(OnChain {
        config,
        mints,
        classes: classes.into_iter().map(|(_, class)| class).collect(),
        ranges,
        balances,
        provider,
        nodes,
        devices,
        stake,
        pool,
        stake_token_program,
        stake_tokens: amount.map_or(0, u64::from_le_bytes),
        hot_key_lamports,
        jobs: jobs
            .into_iter()
            .filter(|(address, job)| is_rekeyable(address, job, &desired.profile.attestation_key))
            .map(|(address, job)| (address, job.attestation_key))
            .collect(),
    })
}

/// The provider's GPUs, and those of this machine that somebody else has registered.
async fn devices(
    client: &Client,
    desired: &Desired,
    provider: &Pubkey,
    nodes: &[Node],
) -> Result<Vec<Device>, ClientError> {
    let own = client.all::<Device>(&[(DEVICE_PROVIDER_AT, provider.as_ref())]).await?;
    let mut devices: Vec<_> = own.into_iter().map(|(_, device)| device).collect();
    let wanted = desired.gpus.identities(&desired.owner, serving(desired, nodes));
    let others = wanted
        .iter()
        .filter(|identity| devices.iter().all(|device| device.identity != **identity))
        .map(|identity| async move { client.find::<Device>(&address::device(identity)).await });
    let others = try_join_all(others).await?;
    devices.extend(others.into_iter().flatten());
    Ok(devices)
}

/// A job changes its key once; after that it goes on with the key that it has.
fn is_rekeyable(address: &Pubkey, job: &Job, own: &Pubkey) -> bool {
    let rekeyable = job.attestation_key == *own || job.former_key == Pubkey::default();
    if !rekeyable {
        tracing::error!(job = %address, key = %job.attestation_key, "the job has changed its key before and cannot take over this agent's; only the agent with its key can finish it");
    }
    rekeyable
}

fn failed(client: &Client) -> impl Fn(solana_rpc_client_api::client_error::Error) -> ClientError + '_ {
    |source| ClientError::Rpc {
        url: client.url().to_owned(),
        source: Box::new(source),
    }
}

/// The program that owns an account.
async fn owner_of(client: &Client, account: &Pubkey) -> Result<Pubkey, ClientError> {
    Ok(client.rpc().get_account(account).await.map_err(failed(client))?.owner)
}

/// An account's lamports; none where there is no account.
async fn lamports(client: &Client, account: &Pubkey) -> Result<u64, ClientError> {
    client.rpc().get_balance(account).await.map_err(failed(client))
}
