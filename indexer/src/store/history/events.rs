//! Events.

use sqlx::PgConnection;

use super::place;
use crate::{
    apply::EventRow,
    store::values::{column, signed},
};

pub(super) async fn insert(connection: &mut PgConnection, rows: &[EventRow]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO events (signature, ordinal, slot, program, name, subject, payload)
         SELECT * FROM UNNEST($1::BYTEA[], $2::INTEGER[], $3::BIGINT[], $4::BYTEA[], $5::TEXT[], $6::BYTEA[], $7::BYTEA[])
         ON CONFLICT DO NOTHING",
        &column(rows, |row| *row.signature.as_array())[..] as _,
        &column(rows, |row| place(row.ordinal)),
        &column(rows, |row| signed(row.slot)),
        &column(rows, |row| row.program.to_bytes())[..] as _,
        &column(rows, |row| row.name)[..] as _,
        &column(rows, |row| row.subject.map(|subject| subject.to_bytes()))[..] as _,
        &column(rows, |row| row.payload.as_slice())[..] as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
