//! Classes of GPUs.

use gantry_protocol::class;
use gantry_sdk::market::state::GpuClass;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::column;

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, GpuClass>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO gpu_classes AS t (
             address, slot, write_version, name, enabled
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::TEXT[], $5::BOOLEAN[]
         ) AS n (
             address, slot, write_version, name, enabled
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, name, enabled
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.name, EXCLUDED.enabled
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| class::unpack(&row.account.name).to_owned()),
        &column(rows, |row| row.account.enabled != 0),
    )
    .execute(connection)
    .await?;
    Ok(())
}
