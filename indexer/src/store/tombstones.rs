//! Accounts that were closed.

use sqlx::PgConnection;

use super::values::{column, signed};
use crate::apply::{Snapshot, Version};

/// Notes that accounts were closed; an older tombstone never replaces a newer one.
pub(super) async fn bury(connection: &mut PgConnection, closed: &[([u8; 32], Version)]) -> sqlx::Result<()> {
    if closed.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO tombstones AS t (address, slot, write_version)
         SELECT * FROM UNNEST($1::BYTEA[], $2::BIGINT[], $3::BIGINT[])
         ON CONFLICT (address) DO UPDATE SET slot = EXCLUDED.slot, write_version = EXCLUDED.write_version
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &column(closed, |(address, _)| *address)[..] as _,
        &column(closed, |(_, version)| signed(version.slot)),
        &column(closed, |(_, version)| signed(version.write_version)),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Buries every account of the market that `snapshot` lacks and that is older.
pub(super) async fn bury_absent_from_market(connection: &mut PgConnection, snapshot: &Snapshot) -> sqlx::Result<u64> {
    let buried = sqlx::query!(
        "INSERT INTO tombstones AS t (address, slot, write_version)
         SELECT known.address, $2, 0 FROM (
             SELECT address, slot FROM market_configs UNION ALL SELECT address, slot FROM mints
             UNION ALL SELECT address, slot FROM providers UNION ALL SELECT address, slot FROM nodes
             UNION ALL SELECT address, slot FROM balances UNION ALL SELECT address, slot FROM jobs
         ) known
         WHERE known.slot < $2 AND NOT EXISTS (SELECT FROM UNNEST($1::BYTEA[]) present (address) WHERE present.address = known.address)
         ON CONFLICT (address) DO UPDATE SET slot = EXCLUDED.slot, write_version = EXCLUDED.write_version
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &column(&snapshot.accounts, |write| write.address.to_bytes())[..] as _,
        signed(snapshot.slot),
    )
    .execute(connection)
    .await?;
    Ok(buried.rows_affected())
}

/// Buries every account of the staking program that `snapshot` lacks and that is older.
pub(super) async fn bury_absent_from_staking(connection: &mut PgConnection, snapshot: &Snapshot) -> sqlx::Result<u64> {
    let buried = sqlx::query!(
        "INSERT INTO tombstones AS t (address, slot, write_version)
         SELECT known.address, $2, 0 FROM (
             SELECT address, slot FROM pools UNION ALL SELECT address, slot FROM stakes
         ) known
         WHERE known.slot < $2 AND NOT EXISTS (SELECT FROM UNNEST($1::BYTEA[]) present (address) WHERE present.address = known.address)
         ON CONFLICT (address) DO UPDATE SET slot = EXCLUDED.slot, write_version = EXCLUDED.write_version
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &column(&snapshot.accounts, |write| write.address.to_bytes())[..] as _,
        signed(snapshot.slot),
    )
    .execute(connection)
    .await?;
    Ok(buried.rows_affected())
}
