//! Proven faults.

use gantry_sdk::market::state::Fault;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Fault>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO faults AS t (
             address, slot, write_version, job, provider, reporter, sequence, slashed, proven_at, penalty_bps, kind
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[], $7::NUMERIC[], $8::NUMERIC[],
             $9::BIGINT[], $10::INTEGER[], $11::SMALLINT[]
         ) AS n (
             address, slot, write_version, job, provider, reporter, sequence, slashed, proven_at, penalty_bps, kind
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, job, provider, reporter, sequence, slashed, proven_at, penalty_bps, kind
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.job, EXCLUDED.provider, EXCLUDED.reporter, EXCLUDED.sequence,
             EXCLUDED.slashed, EXCLUDED.proven_at, EXCLUDED.penalty_bps, EXCLUDED.kind
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.job.to_bytes())[..] as _,
        &column(rows, |row| row.account.provider.to_bytes())[..] as _,
        &column(rows, |row| row.account.reporter.to_bytes())[..] as _,
        &column(rows, |row| amount(row.account.sequence)),
        &column(rows, |row| amount(row.account.slashed)),
        &column(rows, |row| row.account.proven_at),
        &column(rows, |row| i32::from(row.account.penalty_bps)),
        &column(rows, |row| i16::from(row.account.kind)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
