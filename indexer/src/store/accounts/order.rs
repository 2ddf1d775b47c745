//! Orders with their bids.

use gantry_protocol::class;
use gantry_sdk::{
    address,
    market::state::{Bid, Order},
};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Order>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO orders AS t (
             address, slot, write_version, tenant, mint, job, session_key, bundle_hash, class, region, bids, nonce, max_rate,
             escrow, deposit, job_rent, opened_at, bids_until, accept_until, max_duration_s, min_memory_mib, gpus, min_score, state, simulated
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[], $7::BYTEA[], $8::BYTEA[],
             $9::TEXT[], $10::TEXT[], $11::JSONB[], $12::NUMERIC[], $13::NUMERIC[], $14::NUMERIC[], $15::NUMERIC[],
             $16::NUMERIC[], $17::BIGINT[], $18::BIGINT[], $19::BIGINT[], $20::BIGINT[], $21::BIGINT[], $22::INTEGER[],
             $23::INTEGER[], $24::SMALLINT[], $25::BOOLEAN[]
         ) AS n (
             address, slot, write_version, tenant, mint, job, session_key, bundle_hash, class, region, bids, nonce, max_rate,
             escrow, deposit, job_rent, opened_at, bids_until, accept_until, max_duration_s, min_memory_mib, gpus, min_score, state, simulated
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, tenant, mint, job, session_key, bundle_hash, class, region, bids, nonce, max_rate, escrow,
             deposit, job_rent, opened_at, bids_until, accept_until, max_duration_s, min_memory_mib, gpus, min_score, state, simulated
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.tenant, EXCLUDED.mint, EXCLUDED.job, EXCLUDED.session_key,
             EXCLUDED.bundle_hash, EXCLUDED.class, EXCLUDED.region, EXCLUDED.bids, EXCLUDED.nonce, EXCLUDED.max_rate,
             EXCLUDED.escrow, EXCLUDED.deposit, EXCLUDED.job_rent, EXCLUDED.opened_at, EXCLUDED.bids_until,
             EXCLUDED.accept_until, EXCLUDED.max_duration_s, EXCLUDED.min_memory_mib, EXCLUDED.gpus, EXCLUDED.min_score,
             EXCLUDED.state, EXCLUDED.simulated
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.tenant.to_bytes())[..] as _,
        &column(rows, |row| row.account.mint.to_bytes())[..] as _,
        &column(rows, |row| address::job(&row.account.tenant, row.account.nonce).to_bytes())[..] as _,
        &column(rows, |row| row.account.session_key.to_bytes())[..] as _,
        &column(rows, |row| row.account.bundle_hash)[..] as _,
        &column(rows, |row| class::unpack(&row.account.class).to_owned()),
        &column(rows, |row| class::unpack(&row.account.region).to_owned()),
        &column(rows, |row| bids(row.account)),
        &column(rows, |row| amount(row.account.nonce)),
        &column(rows, |row| amount(row.account.max_rate)),
        &column(rows, |row| amount(row.account.escrow)),
        &column(rows, |row| amount(row.account.deposit)),
        &column(rows, |row| amount(row.account.job_rent)),
        &column(rows, |row| row.account.opened_at),
        &column(rows, |row| row.account.bids_until),
        &column(rows, |row| row.account.accept_until),
        &column(rows, |row| i64::from(row.account.max_duration_s)),
        &column(rows, |row| i64::from(row.account.min_memory_mib)),
        &column(rows, |row| i32::from(row.account.gpus)),
        &column(rows, |row| i32::from(row.account.min_score)),
        &column(rows, |row| i16::from(row.account.state)),
        &column(rows, |row| row.account.simulated == 1),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The bids, the best first.
fn bids(order: &Order) -> Value {
    let mut ranked: Vec<_> = order.taken().collect();
    ranked.sort_by_key(|(_, bid)| (bid.rate, bid.number));
    Value::Array(ranked.into_iter().map(|(place, bid)| listed(place, bid)).collect())
}

fn listed(place: usize, bid: &Bid) -> Value {
    json!({
        "place": place,
        "node": bid.node.to_string(),
        "provider": bid.provider.to_string(),
        // Strings: JSON's readers would round large numbers.
        "rate": bid.rate.to_string(),
        "placed_at": bid.placed_at,
        "number": bid.number.to_string(),
    })
}
