//! The staking pool.

use gantry_sdk::staking::state::Pool;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Pool>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO pools AS t (
             address, slot, write_version, authority, mint, vault, market_signer, staked, unbonding_period_s, decimals
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[], $7::BYTEA[],
             $8::NUMERIC[], $9::BIGINT[], $10::SMALLINT[]
         ) AS n (
             address, slot, write_version, authority, mint, vault, market_signer, staked, unbonding_period_s, decimals
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, authority, mint, vault, market_signer, staked, unbonding_period_s, decimals
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.authority, EXCLUDED.mint, EXCLUDED.vault,
             EXCLUDED.market_signer, EXCLUDED.staked, EXCLUDED.unbonding_period_s, EXCLUDED.decimals
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.authority.to_bytes())[..] as _,
        &column(rows, |row| row.account.mint.to_bytes())[..] as _,
        &column(rows, |row| row.account.vault.to_bytes())[..] as _,
        &column(rows, |row| row.account.market_signer.to_bytes())[..] as _,
        &column(rows, |row| amount(row.account.staked)),
        &column(rows, |row| i64::from(row.account.unbonding_period_s)),
        &column(rows, |row| i16::from(row.account.decimals)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
