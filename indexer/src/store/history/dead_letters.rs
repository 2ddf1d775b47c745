//! What did not decode, with its bytes.

use sqlx::PgConnection;

use crate::{
    apply::DeadLetter,
    store::values::{column, signed},
};

pub(super) async fn insert(connection: &mut PgConnection, letters: &[DeadLetter]) -> sqlx::Result<()> {
    if letters.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO dead_letters (kind, source, slot, ordinal, program, bytes, reason)
         SELECT * FROM UNNEST($1::TEXT[], $2::BYTEA[], $3::BIGINT[], $4::BIGINT[], $5::BYTEA[], $6::BYTEA[], $7::TEXT[])
         ON CONFLICT DO NOTHING",
        &column(letters, |letter| letter.kind.name())[..] as _,
        &column(letters, |letter| letter.source.as_slice())[..] as _,
        &column(letters, |letter| signed(letter.slot)),
        &column(letters, |letter| signed(letter.ordinal)),
        &column(letters, |letter| letter.program.to_bytes())[..] as _,
        &column(letters, |letter| letter.bytes.as_slice())[..] as _,
        &column(letters, |letter| letter.reason.as_str())[..] as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
