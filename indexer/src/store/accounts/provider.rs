//! Providers.

use gantry_sdk::market::state::Provider;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Provider>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO providers AS t (
             address, slot, write_version, owner, attestation_key, tls_key_hash, endpoint, nodes, registered_at, faults,
             gpus_offered, record_as_of, record_fees, record_promised, record_kept, record_completed, record_failed,
             record_faults
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[], $7::TEXT[],
             $8::INTEGER[], $9::BIGINT[], $10::INTEGER[], $11::BIGINT[], $12::BIGINT[], $13::NUMERIC[], $14::NUMERIC[],
             $15::NUMERIC[], $16::NUMERIC[], $17::NUMERIC[], $18::NUMERIC[]
         ) AS n (
             address, slot, write_version, owner, attestation_key, tls_key_hash, endpoint, nodes, registered_at, faults,
             gpus_offered, record_as_of, record_fees, record_promised, record_kept, record_completed, record_failed,
             record_faults
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, owner, attestation_key, tls_key_hash, endpoint, nodes, registered_at, faults,
             gpus_offered, record_as_of, record_fees, record_promised, record_kept, record_completed, record_failed,
             record_faults
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.owner, EXCLUDED.attestation_key, EXCLUDED.tls_key_hash,
             EXCLUDED.endpoint, EXCLUDED.nodes, EXCLUDED.registered_at, EXCLUDED.faults,
             EXCLUDED.gpus_offered, EXCLUDED.record_as_of, EXCLUDED.record_fees, EXCLUDED.record_promised,
             EXCLUDED.record_kept, EXCLUDED.record_completed, EXCLUDED.record_failed, EXCLUDED.record_faults
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.owner.to_bytes())[..] as _,
        &column(rows, |row| row.account.attestation_key.to_bytes())[..] as _,
        &column(rows, |row| row.account.tls_key_hash)[..] as _,
        &column(rows, |row| row.account.endpoint().to_owned()),
        &column(rows, |row| i32::from(row.account.nodes)),
        &column(rows, |row| row.account.registered_at),
        &column(rows, |row| i32::from(row.account.faults)),
        &column(rows, |row| i64::from(row.account.gpus_offered)),
        &column(rows, |row| row.account.record.as_of),
        &column(rows, |row| amount(row.account.record.fees)),
        &column(rows, |row| amount(row.account.record.promised)),
        &column(rows, |row| amount(row.account.record.kept)),
        &column(rows, |row| amount(row.account.record.completed)),
        &column(rows, |row| amount(row.account.record.failed)),
        &column(rows, |row| amount(row.account.record.faults)),
    )
    .execute(connection)
    .await?;
    Ok(())
}
