//! Withdrawals that wait.

use gantry_sdk::market::state::Withdrawal;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Withdrawal>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO withdrawals AS t (
             address, slot, write_version, balance, owner, mint, amount, payable_at, number
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[], $7::NUMERIC[],
             $8::BIGINT[], $9::SMALLINT[]
         ) AS n (
             address, slot, write_version, balance, owner, mint, amount, payable_at, number
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, balance, owner, mint, amount, payable_at, number
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.balance, EXCLUDED.owner, EXCLUDED.mint,
             EXCLUDED.amount, EXCLUDED.payable_at, EXCLUDED.number
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.balance.to_bytes())[..] as _,
        &column(rows, |row| row.account.owner.to_bytes())[..] as _,
        &column(rows, |row| row.account.mint.to_bytes())[..] as _,
        &column(rows, |row| amount(row.account.amount)),
        &column(rows, |row| row.account.payable_at),
        &column(rows, |row| i16::from(row.account.number)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
