//! Nodes and their prices.

use std::collections::{BTreeMap, HashSet};

use gantry_protocol::class;
use gantry_sdk::market::state::Node;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Node>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    let taken_over = sqlx::query_scalar!(
        "INSERT INTO nodes AS t (
             address, slot, write_version, provider, owner, class, region, heartbeat_at, registered_at, memory_mib,
             min_duration_s, max_duration_s, gpus, gpus_free, id, active, simulated
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::TEXT[], $7::TEXT[], $8::BIGINT[],
             $9::BIGINT[], $10::BIGINT[], $11::BIGINT[], $12::BIGINT[], $13::INTEGER[], $14::INTEGER[],
             $15::INTEGER[], $16::BOOLEAN[], $17::BOOLEAN[]
         ) AS n (
             address, slot, write_version, provider, owner, class, region, heartbeat_at, registered_at, memory_mib,
             min_duration_s, max_duration_s, gpus, gpus_free, id, active, simulated
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, provider, owner, class, region, heartbeat_at, registered_at, memory_mib,
             min_duration_s, max_duration_s, gpus, gpus_free, id, active, simulated
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.provider, EXCLUDED.owner, EXCLUDED.class,
             EXCLUDED.region, EXCLUDED.heartbeat_at, EXCLUDED.registered_at, EXCLUDED.memory_mib,
             EXCLUDED.min_duration_s, EXCLUDED.max_duration_s, EXCLUDED.gpus, EXCLUDED.gpus_free, EXCLUDED.id,
             EXCLUDED.active, EXCLUDED.simulated
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)
         RETURNING address",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.provider.to_bytes())[..] as _,
        &column(rows, |row| row.account.owner.to_bytes())[..] as _,
        &column(rows, |row| class::unpack(&row.account.class).to_owned()),
        &column(rows, |row| class::unpack(&row.account.region).to_owned()),
        &column(rows, |row| row.account.heartbeat_at),
        &column(rows, |row| row.account.registered_at),
        &column(rows, |row| i64::from(row.account.memory_mib)),
        &column(rows, |row| i64::from(row.account.min_duration_s)),
        &column(rows, |row| i64::from(row.account.max_duration_s)),
        &column(rows, |row| i32::from(row.account.gpus)),
        &column(rows, |row| i32::from(row.account.gpus_free)),
        &column(rows, |row| i32::from(row.account.id)),
        &column(rows, |row| row.account.active != 0),
        &column(rows, |row| row.account.simulated != 0),
    )
    .fetch_all(&mut *connection)
    .await?;
    let taken_over: HashSet<Vec<u8>> = taken_over.into_iter().collect();
    let newer: Vec<_> = rows
        .iter()
        .filter(|row| taken_over.contains(row.address.as_slice()))
        .collect();
    replace_prices(connection, &newer).await
}

/// Makes the nodes' prices what their accounts say. Most writes are heartbeats, so rows that stay the same are not touched.
async fn replace_prices(connection: &mut PgConnection, nodes: &[&Row<'_, Node>]) -> sqlx::Result<()> {
    if nodes.is_empty() {
        return Ok(());
    }
    let mut prices = BTreeMap::new();
    for node in nodes {
        for price in node.account.prices.iter().filter(|price| price.rate > 0) {
            // The program reads the first of equals, so that one counts.
            prices
                .entry((node.address, price.mint.to_bytes()))
                .or_insert(price.rate);
        }
    }
    let prices: Vec<_> = prices.into_iter().collect();
    sqlx::query!(
        "WITH wanted AS (
             SELECT * FROM UNNEST($1::BYTEA[], $2::BYTEA[], $3::NUMERIC[]) AS w (node, mint, rate)
         ), withdrawn AS (
             DELETE FROM node_prices p
             WHERE p.node = ANY($4::BYTEA[])
               AND NOT EXISTS (SELECT FROM wanted w WHERE w.node = p.node AND w.mint = p.mint)
         )
         INSERT INTO node_prices AS p (node, mint, rate)
         SELECT node, mint, rate FROM wanted
         ON CONFLICT (node, mint) DO UPDATE SET rate = EXCLUDED.rate WHERE p.rate <> EXCLUDED.rate",
        &column(&prices, |((node, _), _)| *node)[..] as _,
        &column(&prices, |((_, mint), _)| *mint)[..] as _,
        &column(&prices, |(_, rate)| amount(*rate)),
        &column(nodes, |node| node.address)[..] as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
