//! What classes of GPUs may cost.

use gantry_protocol::class;
use gantry_sdk::market::state::PriceRange;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, PriceRange>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO price_ranges AS t (
             address, slot, write_version, class, mint, rate_floor, rate_ceiling
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::TEXT[], $5::BYTEA[], $6::NUMERIC[], $7::NUMERIC[]
         ) AS n (
             address, slot, write_version, class, mint, rate_floor, rate_ceiling
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, class, mint, rate_floor, rate_ceiling
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.class, EXCLUDED.mint, EXCLUDED.rate_floor,
             EXCLUDED.rate_ceiling
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| class::unpack(&row.account.class).to_owned()),
        &column(rows, |row| row.account.mint.to_bytes())[..] as _,
        &column(rows, |row| amount(row.account.floor)),
        &column(rows, |row| amount(row.account.ceiling)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
