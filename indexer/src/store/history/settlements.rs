//! Payments with their evidence.

use sqlx::PgConnection;

use super::place;
use crate::{
    apply::SettlementRow,
    store::values::{amount, column, signed},
};

pub(super) async fn insert(connection: &mut PgConnection, rows: &[SettlementRow]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO settlements (
             job, sequence, signature, ordinal, slot, settled_at, receipt, provider_key, provider_signature, tenant_key,
             tenant_signature, made_at_ms, metered_ms, samples_root, is_final, paid_now, paid, fee, balance, compute_units
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::NUMERIC[], $3::BYTEA[], $4::INTEGER[], $5::BIGINT[], $6::BIGINT[], $7::BYTEA[], $8::BYTEA[],
             $9::BYTEA[], $10::BYTEA[], $11::BYTEA[], $12::BIGINT[], $13::NUMERIC[], $14::BYTEA[], $15::BOOLEAN[],
             $16::NUMERIC[], $17::NUMERIC[], $18::NUMERIC[], $19::NUMERIC[], $20::NUMERIC[]
         )
         ON CONFLICT DO NOTHING",
        &column(rows, |row| row.receipt.receipt.job)[..] as _,
        &column(rows, |row| amount(row.receipt.receipt.sequence)),
        &column(rows, |row| *row.signature.as_array())[..] as _,
        &column(rows, |row| place(row.ordinal)),
        &column(rows, |row| signed(row.slot)),
        &column(rows, |row| row.settled_at),
        &column(rows, |row| row.receipt.receipt.to_bytes())[..] as _,
        &column(rows, |row| row.receipt.provider_key.to_bytes())[..] as _,
        &column(rows, |row| *row.receipt.provider_signature.as_array())[..] as _,
        &column(rows, |row| row.receipt.tenant_key.to_bytes())[..] as _,
        &column(rows, |row| *row.receipt.tenant_signature.as_array())[..] as _,
        &column(rows, |row| row.receipt.receipt.time_ms),
        &column(rows, |row| amount(row.receipt.receipt.metered_ms)),
        &column(rows, |row| row.receipt.receipt.samples_root)[..] as _,
        &column(rows, |row| row.receipt.receipt.is_final()),
        &column(rows, |row| amount(row.paid_now)),
        &column(rows, |row| amount(row.paid)),
        &column(rows, |row| amount(row.fee)),
        &column(rows, |row| amount(row.balance)),
        &column(rows, |row| row.compute_units.map(amount))[..] as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
