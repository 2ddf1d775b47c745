//! Transactions.

use gantry_sdk::Signature;
use sqlx::PgConnection;

use crate::{
    apply::TransactionRow,
    store::values::{amount, column, signed},
};

pub(super) async fn insert(connection: &mut PgConnection, rows: &[TransactionRow]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO transactions (signature, slot, index_in_block, block_time, fee_lamports, compute_units)
         SELECT * FROM UNNEST($1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::NUMERIC[], $6::NUMERIC[])
         ON CONFLICT DO NOTHING",
        &column(rows, |row| *row.signature.as_array())[..] as _,
        &column(rows, |row| signed(row.slot)),
        &column(rows, |row| row.index.map(signed))[..] as _,
        &column(rows, |row| row.block_time)[..] as _,
        &column(rows, |row| amount(row.fee_lamports)),
        &column(rows, |row| row.compute_units.map(amount))[..] as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Which of these transactions are in the table.
pub(crate) async fn known(connection: &mut PgConnection, signatures: &[Signature]) -> sqlx::Result<Vec<Vec<u8>>> {
    sqlx::query_scalar!(
        "SELECT signature FROM transactions WHERE signature = ANY($1::BYTEA[])",
        &column(signatures, |signature| *signature.as_array())[..] as _,
    )
    .fetch_all(connection)
    .await
}
