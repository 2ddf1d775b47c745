//! One file per account type: the statement that takes its rows over.
//!
//! Each compares versions inside the statement, against the row and against a tombstone, so that any repetition and any order of
//! deliveries ends in the same rows.

mod balance;
mod claim;
mod config;
mod delegation;
mod device;
mod fault;
mod fee_shard;
mod gpu_class;
mod job;
mod mint;
mod node;
mod pool;
mod price_range;
mod provider;
mod stake;
mod tenant;

use gantry_sdk::{
    account::Account,
    market::state::{
        Balance, Claim, Config, Device, Fault, FeeShard, GpuClass, Job, Node, PriceRange, Provider, RegisteredMint,
        Tenant,
    },
    staking::state::{Delegation, Pool, Stake},
};
use sqlx::PgConnection;

use super::{
    tombstones,
    values::{column, signed},
};
use crate::apply::{Changes, Version};

/// An account on its way into its table.
struct Row<'a, T> {
    address: [u8; 32],
    version: Version,
    account: &'a T,
}

/// The columns that all account tables share.
struct Heads {
    addresses: Vec<[u8; 32]>,
    slots: Vec<i64>,
    write_versions: Vec<i64>,
}

impl Heads {
    fn of<T>(rows: &[Row<'_, T>]) -> Self {
        Self {
            addresses: column(rows, |row| row.address),
            slots: column(rows, |row| signed(row.version.slot)),
            write_versions: column(rows, |row| signed(row.version.write_version)),
        }
    }
}

#[derive(Default)]
struct Sorted<'a> {
    pools: Vec<Row<'a, Pool>>,
    stakes: Vec<Row<'a, Stake>>,
    delegations: Vec<Row<'a, Delegation>>,
    configs: Vec<Row<'a, Config>>,
    mints: Vec<Row<'a, RegisteredMint>>,
    providers: Vec<Row<'a, Provider>>,
    nodes: Vec<Row<'a, Node>>,
    balances: Vec<Row<'a, Balance>>,
    jobs: Vec<Row<'a, Job>>,
    faults: Vec<Row<'a, Fault>>,
    claims: Vec<Row<'a, Claim>>,
    fee_shards: Vec<Row<'a, FeeShard>>,
    tenants: Vec<Row<'a, Tenant>>,
    classes: Vec<Row<'a, GpuClass>>,
    ranges: Vec<Row<'a, PriceRange>>,
    devices: Vec<Row<'a, Device>>,
}

/// Takes over every account that is newer than what is known of it, and buries what was closed.
///
/// In this order, so that an account that was written and closed in one transaction leaves its last row behind, as if it had been two.
pub(super) async fn upsert(connection: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
    let sorted = sort(changes);
    pool::upsert(&mut *connection, &sorted.pools).await?;
    stake::upsert(&mut *connection, &sorted.stakes).await?;
    delegation::upsert(&mut *connection, &sorted.delegations).await?;
    config::upsert(&mut *connection, &sorted.configs).await?;
    mint::upsert(&mut *connection, &sorted.mints).await?;
    provider::upsert(&mut *connection, &sorted.providers).await?;
    node::upsert(&mut *connection, &sorted.nodes).await?;
    balance::upsert(&mut *connection, &sorted.balances).await?;
    job::upsert(&mut *connection, &sorted.jobs).await?;
    fault::upsert(&mut *connection, &sorted.faults).await?;
    claim::upsert(&mut *connection, &sorted.claims).await?;
    fee_shard::upsert(&mut *connection, &sorted.fee_shards).await?;
    tenant::upsert(&mut *connection, &sorted.tenants).await?;
    gpu_class::upsert(&mut *connection, &sorted.classes).await?;
    price_range::upsert(&mut *connection, &sorted.ranges).await?;
    device::upsert(&mut *connection, &sorted.devices).await?;
    tombstones::bury(&mut *connection, &changes.closed).await?;
    tombstones::bury_known(&mut *connection, &changes.emptied).await
}

fn sort(changes: &Changes) -> Sorted<'_> {
    let mut sorted = Sorted::default();
    for (address, seen) in &changes.accounts {
        let (address, version) = (address.to_bytes(), seen.version);
        match &seen.account {
            Account::Pool(account) => sorted.pools.push(Row {
                address,
                version,
                account,
            }),
            Account::Stake(account) => sorted.stakes.push(Row {
                address,
                version,
                account,
            }),
            Account::Delegation(account) => sorted.delegations.push(Row {
                address,
                version,
                account,
            }),
            Account::Config(account) => sorted.configs.push(Row {
                address,
                version,
                account,
            }),
            Account::RegisteredMint(account) => sorted.mints.push(Row {
                address,
                version,
                account,
            }),
            Account::Provider(account) => sorted.providers.push(Row {
                address,
                version,
                account,
            }),
            Account::Node(account) => sorted.nodes.push(Row {
                address,
                version,
                account,
            }),
            Account::Balance(account) => sorted.balances.push(Row {
                address,
                version,
                account,
            }),
            Account::Job(account) => sorted.jobs.push(Row {
                address,
                version,
                account,
            }),
            Account::Claim(account) => sorted.claims.push(Row {
                address,
                version,
                account,
            }),
            Account::Fault(account) => sorted.faults.push(Row {
                address,
                version,
                account,
            }),
            Account::GpuClass(account) => sorted.classes.push(Row {
                address,
                version,
                account,
            }),
            Account::PriceRange(account) => sorted.ranges.push(Row {
                address,
                version,
                account,
            }),
            Account::Device(account) => sorted.devices.push(Row {
                address,
                version,
                account,
            }),
            Account::FeeShard(account) => sorted.fee_shards.push(Row {
                address,
                version,
                account,
            }),
            Account::Tenant(account) => sorted.tenants.push(Row {
                address,
                version,
                account,
            }),
        }
    }
    sorted
}
