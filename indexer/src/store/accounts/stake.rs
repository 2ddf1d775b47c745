//! Providers' bonds.

use gantry_sdk::staking::state::Stake;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Stake>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO stakes AS t (
             address, slot, write_version, owner, active, reserved, unbondings, opened_at, slashed, delegated,
             delegated_shares, delegated_unbonding, delegated_unbonding_shares, commission_bps, next_commission_bps,
             commission_from
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::NUMERIC[], $6::NUMERIC[], $7::JSONB[],
             $8::BIGINT[], $9::NUMERIC[], $10::NUMERIC[], $11::NUMERIC[], $12::NUMERIC[], $13::NUMERIC[],
             $14::INTEGER[], $15::INTEGER[], $16::BIGINT[]
         ) AS n (
             address, slot, write_version, owner, active, reserved, unbondings, opened_at, slashed, delegated,
             delegated_shares, delegated_unbonding, delegated_unbonding_shares, commission_bps, next_commission_bps,
             commission_from
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, owner, active, reserved, unbondings, opened_at, slashed, delegated, delegated_shares,
             delegated_unbonding, delegated_unbonding_shares, commission_bps, next_commission_bps, commission_from
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.owner, EXCLUDED.active, EXCLUDED.reserved,
             EXCLUDED.unbondings, EXCLUDED.opened_at, EXCLUDED.slashed, EXCLUDED.delegated, EXCLUDED.delegated_shares,
             EXCLUDED.delegated_unbonding, EXCLUDED.delegated_unbonding_shares, EXCLUDED.commission_bps,
             EXCLUDED.next_commission_bps, EXCLUDED.commission_from
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.owner.to_bytes())[..] as _,
        &column(rows, |row| amount(row.account.active)),
        &column(rows, |row| amount(row.account.reserved)),
        &column(rows, |row| unbondings(row.account)),
        &column(rows, |row| row.account.opened_at),
        &column(rows, |row| amount(row.account.slashed)),
        &column(rows, |row| amount(row.account.delegated)),
        &column(rows, |row| amount(row.account.delegated_shares)),
        &column(rows, |row| amount(row.account.delegated_unbonding)),
        &column(rows, |row| amount(row.account.delegated_unbonding_shares)),
        &column(rows, |row| i32::from(row.account.commission_bps)),
        &column(rows, |row| i32::from(row.account.next_commission_bps)),
        &column(rows, |row| row.account.commission_from),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The waiting requests, in the order of their places.
fn unbondings(stake: &Stake) -> Value {
    let waiting = stake.unbondings.iter().filter(|request| request.amount > 0);
    let listed = waiting.map(|request| {
        // A string: JSON's readers would round large numbers.
        json!({ "amount": request.amount.to_string(), "withdrawable_at": request.withdrawable_at })
    });
    Value::Array(listed.collect())
}
