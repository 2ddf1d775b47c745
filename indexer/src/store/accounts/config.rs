//! The market's configuration.

use gantry_sdk::market::state::Config;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Config>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO market_configs AS t (
             address, slot, write_version, authority, genesis_hash, stake_per_gpu, start_deadline_s, grace_window_s,
             heartbeat_max_age_s, fee_bps, paused, treasury, fee_burn_bps
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::NUMERIC[], $7::BIGINT[],
             $8::BIGINT[], $9::BIGINT[], $10::INTEGER[], $11::BOOLEAN[], $12::BYTEA[], $13::INTEGER[]
         ) AS n (
             address, slot, write_version, authority, genesis_hash, stake_per_gpu, start_deadline_s, grace_window_s,
             heartbeat_max_age_s, fee_bps, paused, treasury, fee_burn_bps
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, authority, genesis_hash, stake_per_gpu, start_deadline_s, grace_window_s,
             heartbeat_max_age_s, fee_bps, paused, treasury, fee_burn_bps
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.authority, EXCLUDED.genesis_hash, EXCLUDED.stake_per_gpu,
             EXCLUDED.start_deadline_s, EXCLUDED.grace_window_s, EXCLUDED.heartbeat_max_age_s, EXCLUDED.fee_bps,
             EXCLUDED.paused, EXCLUDED.treasury, EXCLUDED.fee_burn_bps
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.authority.to_bytes())[..] as _,
        &column(rows, |row| row.account.genesis_hash)[..] as _,
        &column(rows, |row| amount(row.account.stake_per_gpu)),
        &column(rows, |row| i64::from(row.account.start_deadline_s)),
        &column(rows, |row| i64::from(row.account.grace_window_s)),
        &column(rows, |row| i64::from(row.account.heartbeat_max_age_s)),
        &column(rows, |row| i32::from(row.account.fee_bps)),
        &column(rows, |row| row.account.paused != 0),
        &column(rows, |row| row.account.treasury.to_bytes())[..] as _,
        &column(rows, |row| i32::from(row.account.fee_burn_bps)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
