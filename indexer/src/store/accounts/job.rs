//! Jobs.

use gantry_sdk::market::state::Job;
use sqlx::PgConnection;

use super::{Heads, Row};
use crate::store::values::{amount, column};

pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Row<'_, Job>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let heads = Heads::of(rows);
    sqlx::query!(
        "INSERT INTO jobs AS t (
             address, slot, write_version, tenant, provider, node, mint, session_key, attestation_key, genesis_hash,
             bundle_hash, samples_root, nonce, rate, escrow, owed, paid, fee, refund, stake_reserved, sequence,
             metered_ms, opened_at, start_deadline, started_at, stopped_at, ended_at, max_duration_s, grace_window_s,
             gpus, fee_bps, state, is_final, former_key, co_signed_ms, claimed,
             former_session_key, session_rotated_at, exits_at, reference_price, successor
         )
         SELECT * FROM UNNEST(
             $1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[], $5::BYTEA[], $6::BYTEA[], $7::BYTEA[], $8::BYTEA[],
             $9::BYTEA[], $10::BYTEA[], $11::BYTEA[], $12::BYTEA[], $13::NUMERIC[], $14::NUMERIC[], $15::NUMERIC[],
             $16::NUMERIC[], $17::NUMERIC[], $18::NUMERIC[], $19::NUMERIC[], $20::NUMERIC[], $21::NUMERIC[],
             $22::NUMERIC[], $23::BIGINT[], $24::BIGINT[], $25::BIGINT[], $26::BIGINT[], $27::BIGINT[], $28::BIGINT[],
             $29::BIGINT[], $30::INTEGER[], $31::INTEGER[], $32::SMALLINT[], $33::BOOLEAN[],
             $34::BYTEA[], $35::NUMERIC[], $36::BOOLEAN[], $37::BYTEA[], $38::BIGINT[], $39::BIGINT[],
             $40::NUMERIC[], $41::BYTEA[]
         ) AS n (
             address, slot, write_version, tenant, provider, node, mint, session_key, attestation_key, genesis_hash,
             bundle_hash, samples_root, nonce, rate, escrow, owed, paid, fee, refund, stake_reserved, sequence,
             metered_ms, opened_at, start_deadline, started_at, stopped_at, ended_at, max_duration_s, grace_window_s,
             gpus, fee_bps, state, is_final, former_key, co_signed_ms, claimed,
             former_session_key, session_rotated_at, exits_at, reference_price, successor
         )
         WHERE NOT EXISTS (
             SELECT FROM tombstones d
             WHERE d.address = n.address AND (d.slot, d.write_version) >= (n.slot, n.write_version)
         )
         ON CONFLICT (address) DO UPDATE SET (
             slot, write_version, tenant, provider, node, mint, session_key, attestation_key, genesis_hash,
             bundle_hash, samples_root, nonce, rate, escrow, owed, paid, fee, refund, stake_reserved, sequence,
             metered_ms, opened_at, start_deadline, started_at, stopped_at, ended_at, max_duration_s, grace_window_s,
             gpus, fee_bps, state, is_final, former_key, co_signed_ms, claimed,
             former_session_key, session_rotated_at, exits_at, reference_price, successor
         ) = (
             EXCLUDED.slot, EXCLUDED.write_version, EXCLUDED.tenant, EXCLUDED.provider, EXCLUDED.node, EXCLUDED.mint,
             EXCLUDED.session_key, EXCLUDED.attestation_key, EXCLUDED.genesis_hash, EXCLUDED.bundle_hash,
             EXCLUDED.samples_root, EXCLUDED.nonce, EXCLUDED.rate, EXCLUDED.escrow, EXCLUDED.owed, EXCLUDED.paid,
             EXCLUDED.fee, EXCLUDED.refund, EXCLUDED.stake_reserved, EXCLUDED.sequence, EXCLUDED.metered_ms,
             EXCLUDED.opened_at, EXCLUDED.start_deadline, EXCLUDED.started_at, EXCLUDED.stopped_at, EXCLUDED.ended_at,
             EXCLUDED.max_duration_s, EXCLUDED.grace_window_s, EXCLUDED.gpus, EXCLUDED.fee_bps, EXCLUDED.state,
             EXCLUDED.is_final, EXCLUDED.former_key, EXCLUDED.co_signed_ms, EXCLUDED.claimed,
             EXCLUDED.former_session_key, EXCLUDED.session_rotated_at, EXCLUDED.exits_at,
             EXCLUDED.reference_price, EXCLUDED.successor
         )
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &heads.addresses[..] as _,
        &heads.slots,
        &heads.write_versions,
        &column(rows, |row| row.account.tenant.to_bytes())[..] as _,
        &column(rows, |row| row.account.provider.to_bytes())[..] as _,
        &column(rows, |row| row.account.node.to_bytes())[..] as _,
        &column(rows, |row| row.account.mint.to_bytes())[..] as _,
        &column(rows, |row| row.account.session_key.to_bytes())[..] as _,
        &column(rows, |row| row.account.attestation_key.to_bytes())[..] as _,
        &column(rows, |row| row.account.genesis_hash)[..] as _,
        &column(rows, |row| row.account.bundle_hash)[..] as _,
        &column(rows, |row| row.account.samples_root)[..] as _,
        &column(rows, |row| amount(row.account.nonce)),
        &column(rows, |row| amount(row.account.rate)),
        &column(rows, |row| amount(row.account.escrow)),
        &column(rows, |row| amount(row.account.owed)),
        &column(rows, |row| amount(row.account.paid)),
        &column(rows, |row| amount(row.account.fee)),
        &column(rows, |row| amount(row.account.refund)),
        &column(rows, |row| amount(row.account.stake_reserved)),
        &column(rows, |row| amount(row.account.sequence)),
        &column(rows, |row| amount(row.account.metered_ms)),
        &column(rows, |row| row.account.opened_at),
        &column(rows, |row| row.account.start_deadline),
        &column(rows, |row| row.account.started_at),
        &column(rows, |row| row.account.stopped_at),
        &column(rows, |row| row.account.ended_at),
        &column(rows, |row| i64::from(row.account.max_duration_s)),
        &column(rows, |row| i64::from(row.account.grace_window_s)),
        &column(rows, |row| i32::from(row.account.gpus)),
        &column(rows, |row| i32::from(row.account.fee_bps)),
        &column(rows, |row| i16::from(row.account.state)),
        &column(rows, |row| row.account.is_final != 0),
        &column(rows, |row| row.account.former_key.to_bytes())[..] as _,
        &column(rows, |row| amount(row.account.co_signed_ms)),
        &column(rows, |row| row.account.claimed != 0),
        &column(rows, |row| row.account.former_session_key.to_bytes())[..] as _,
        &column(rows, |row| row.account.session_rotated_at),
        &column(rows, |row| row.account.exits_at),
        &column(rows, |row| amount(row.account.reference_price)),
        &column(rows, |row| row.account.successor.to_bytes())[..] as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}
