//! Mints that jobs may be paid in.

use gantry_sdk::market::state::RegisteredMint;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, RegisteredMint>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO mints AS t (
             address, slot, write_version, mint, vault, token_program, decimals, enabled,
             fee_shards, reference_price
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[],
             $7::SMALLINT[], $8::BOOLEAN[], $9::SMALLINT[], $10::NUMERIC[]
         ) AS n (
             address, slot, write_version, mint, vault, token_program, decimals, enabled,
             fee_shards, reference_price
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, mint, vault, token_program, decimals, enabled,
             fee_shards, reference_price
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.mint, EXCLUDED.vault, EXCLUDED.token_program,
             EXCLUDED.decimals, EXCLUDED.enabled, EXCLUDED.fee_shards, EXCLUDED.reference_price
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.mint.to_bytes())[..] as _,
        &column(rows, |row| row.account.vault.to_bytes())[..] as _,
        &column(rows, |row| row.account.token_program.to_bytes())[..] as _,
        &column(rows, |row| i16::from(row.account.decimals)),
        &column(rows, |row| row.account.enabled != 0),
        &column(rows, |row| i16::from(row.account.fee_shards)),
        &column(rows, |row| amount(row.account.reference_price)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
