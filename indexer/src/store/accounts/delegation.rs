//! Delegators' parts of providers' stakes.

use gantry_sdk::staking::state::Delegation;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Delegation>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO delegations AS t (
             address, slot, write_version, stake, delegator, shares, unbonding_shares, unbondings
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::NUMERIC[], $7::NUMERIC[], $8::JSONB[]
         ) AS n (
             address, slot, write_version, stake, delegator, shares, unbonding_shares, unbondings
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, stake, delegator, shares, unbonding_shares, unbondings
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.stake, EXCLUDED.delegator, EXCLUDED.shares,
             EXCLUDED.unbonding_shares, EXCLUDED.unbondings
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.stake.to_bytes())[..] as _,
        &column(rows, |row| row.account.delegator.to_bytes())[..] as _,
        &column(rows, |row| amount(row.account.shares)),
        &column(rows, |row| amount(row.account.unbonding_shares().0)),
        &column(rows, |row| unbondings(row.account)),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The waiting requests, in the order of their places.
fn unbondings(delegation: &Delegation) -> Value {
    let places = delegation.unbondings.iter().enumerate();
    let listed = places
        .filter(|(_, request)| request.shares > 0)
        .map(|(place, request)| {
            // A string: JSON's readers would round large numbers.
            json!({ "place": place, "shares": request.shares.to_string(), "withdrawable_at": request.withdrawable_at })
        });
    Value::Array(listed.collect())
}
