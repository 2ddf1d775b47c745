//! Fees of ended jobs, until they are swept.

use gantry_sdk::market::state::FeeShard;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, FeeShard>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO fee_shards AS t (
             address, slot, write_version, mint, number, amount
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::SMALLINT[], $6::NUMERIC[]
         ) AS n (
             address, slot, write_version, mint, number, amount
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, mint, number, amount
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.mint, EXCLUDED.number, EXCLUDED.amount
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.mint.to_bytes())[..] as _,
        &column(rows, |row| i16::from(row.account.number)),
        &column(rows, |row| amount(row.account.amount)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
