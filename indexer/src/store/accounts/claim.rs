//! Claims against silent tenants.

use gantry_sdk::market::state::Claim;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Claim>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO claims AS t (
             address, slot, write_version, job, payer, samples_root, sequence, metered_ms, bond, payable_at
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[], $7::NUMERIC[], $8::NUMERIC[],
             $9::NUMERIC[], $10::BIGINT[]
         ) AS n (
             address, slot, write_version, job, payer, samples_root, sequence, metered_ms, bond, payable_at
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, job, payer, samples_root, sequence, metered_ms, bond, payable_at
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.job, EXCLUDED.payer, EXCLUDED.samples_root,
             EXCLUDED.sequence, EXCLUDED.metered_ms, EXCLUDED.bond, EXCLUDED.payable_at
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.job.to_bytes())[..] as _,
        &column(rows, |row| row.account.payer.to_bytes())[..] as _,
        &column(rows, |row| row.account.samples_root)[..] as _,
        &column(rows, |row| amount(row.account.sequence)),
        &column(rows, |row| amount(row.account.metered_ms)),
        &column(rows, |row| amount(row.account.bond)),
        &column(rows, |row| row.account.payable_at),
    )
    .execute(connection)
    .await?;
    Ok(())
}
