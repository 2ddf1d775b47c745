//! How the chain's values are written in Postgres.

use sqlx::types::BigDecimal;

/// A slot or write version. Saturates: no chain gets there, and "after every write" stays the largest.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// An unsigned 64-bit amount; `BIGINT` could not hold it.
pub(super) fn amount(number: u64) -> BigDecimal {
    BigDecimal::from(number)
}

/// One value of every row: a column, as `UNNEST` wants it.
pub(super) fn column<'r, R, V>(rows: &'r [R], value: impl FnMut(&'r R) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}
