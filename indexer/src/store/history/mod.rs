//! What happened: rows that are written once. A repetition changes nothing.

mod dead_letters;
mod events;
mod settlements;
mod transactions;

use sqlx::PgConnection;

pub(super) use transactions::known;

use crate::apply::Changes;

/// Adds what is new.
pub(super) async fn insert(connection: &mut PgConnection, changes: &Changes) -> sqlx::Result<()> {
    transactions::insert(&mut *connection, &changes.transactions).await?;
    events::insert(&mut *connection, &changes.events).await?;
    settlements::insert(&mut *connection, &changes.settlements).await?;
    dead_letters::insert(&mut *connection, &changes.dead_letters).await
}

/// Place of an event in its transaction. Logs are limited to some kilobytes, so it is small.
fn place(ordinal: usize) -> i32 {
    i32::try_from(ordinal).unwrap_or(i32::MAX)
}
