//! Wallets' money inside the market.

use gantry_sdk::market::state::Balance;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Balance>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO balances AS t (
             address, slot, write_version, owner, mint, amount
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::NUMERIC[]
         ) AS n (
             address, slot, write_version, owner, mint, amount
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, owner, mint, amount
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.owner, EXCLUDED.mint, EXCLUDED.amount
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.owner.to_bytes())[..] as _,
        &column(rows, |row| row.account.mint.to_bytes())[..] as _,
        &column(rows, |row| amount(row.account.amount)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
