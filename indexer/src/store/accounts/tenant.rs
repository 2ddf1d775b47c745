//! Tenants.

use gantry_sdk::market::state::Tenant;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Tenant>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO tenants AS t (
             address, slot, write_version, wallet, opened_at, record_as_of, record_fees, record_promised, record_kept,
             record_completed, record_failed, record_faults
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BIGINT[], $6::BIGINT[], $7::NUMERIC[],
             $8::NUMERIC[], $9::NUMERIC[], $10::NUMERIC[], $11::NUMERIC[], $12::NUMERIC[]
         ) AS n (
             address, slot, write_version, wallet, opened_at, record_as_of, record_fees, record_promised, record_kept,
             record_completed, record_failed, record_faults
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, wallet, opened_at, record_as_of, record_fees, record_promised, record_kept,
             record_completed, record_failed, record_faults
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.wallet, EXCLUDED.opened_at, EXCLUDED.record_as_of,
             EXCLUDED.record_fees, EXCLUDED.record_promised, EXCLUDED.record_kept, EXCLUDED.record_completed,
             EXCLUDED.record_failed, EXCLUDED.record_faults
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.wallet.to_bytes())[..] as _,
        &column(rows, |row| row.account.opened_at),
        &column(rows, |row| row.account.record.as_of),
        &column(rows, |row| amount(row.account.record.fees)),
        &column(rows, |row| amount(row.account.record.promised)),
        &column(rows, |row| amount(row.account.record.kept)),
        &column(rows, |row| amount(row.account.record.completed)),
        &column(rows, |row| amount(row.account.record.failed)),
        &column(rows, |row| amount(row.account.record.faults)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
