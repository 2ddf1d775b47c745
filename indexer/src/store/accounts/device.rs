//! GPUs that nodes offer.

use gantry_sdk::market::state::Device;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::column;

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Device>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO devices AS t (
             address, slot, write_version, node, provider, identity, registered_at
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[], $7::BIGINT[]
         ) AS n (
             address, slot, write_version, node, provider, identity, registered_at
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, node, provider, identity, registered_at
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.node, EXCLUDED.provider, EXCLUDED.identity,
             EXCLUDED.registered_at
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.node.to_bytes())[..] as _,
        &column(rows, |row| row.account.provider.to_bytes())[..] as _,
        &column(rows, |row| row.account.identity)[..] as _,
        &column(rows, |row| row.account.registered_at),
    )
    .execute(connection)
    .await?;
    Ok(())
}
