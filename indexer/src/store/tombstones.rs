//! Accounts that were closed.

use std::collections::BTreeMap;

use gantry_sdk::Pubkey;
use sqlx::PgConnection;

use super::values::{column, signed};
use crate::apply::{Snapshot, Version};

/// Notes that accounts were closed; an older tombstone never replaces a newer one.
pub(super) async fn bury(connection: &mut PgConnection, closed: &BTreeMap<Pubkey, Version>) -> sqlx::Result<()> {
    if closed.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO tombstones AS t (address, slot, write_version)
         SELECT * FROM UNNEST($1::BYTEA[], $2::BIGINT[], $3::BIGINT[])
         ON CONFLICT (address) DO UPDATE SET slot = EXCLUDED.slot, write_version = EXCLUDED.write_version
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &addresses(closed)[..] as _,
        &slots(closed),
        &write_versions(closed),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes the same of those accounts that have a row. The others are strangers': there is nothing to hide, and their number has no limit.
pub(super) async fn bury_known(connection: &mut PgConnection, emptied: &BTreeMap<Pubkey, Version>) -> sqlx::Result<()> {
    if emptied.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO tombstones AS t (address, slot, write_version)
         SELECT e.address, e.slot, e.write_version
         FROM UNNEST($1::BYTEA[], $2::BIGINT[], $3::BIGINT[]) AS e (address, slot, write_version)
         WHERE EXISTS (SELECT FROM pools a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM stakes a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM delegations a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM market_configs a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM mints a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM providers a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM nodes a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM balances a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM jobs a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM claims a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM faults a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM fee_shards a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM tenants a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM gpu_classes a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM price_ranges a WHERE a.address = e.address)
            OR EXISTS (SELECT FROM devices a WHERE a.address = e.address)
         ON CONFLICT (address) DO UPDATE SET slot = EXCLUDED.slot, write_version = EXCLUDED.write_version
         WHERE (t.slot, t.write_version) < (EXCLUDED.slot, EXCLUDED.write_version)",
        &addresses(emptied)[..] as _,
        &slots(emptied),
        &write_versions(emptied),
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn addresses(buried: &BTreeMap<Pubkey, Version>) -> Vec<[u8; 32]> {
    buried.keys().map(Pubkey::to_bytes).collect()
}

fn slots(buried: &BTreeMap<Pubkey, Version>) -> Vec<i64> {
    buried.values().map(|version| signed(version.slot)).collect()
}

fn write_versions(buried: &BTreeMap<Pubkey, Version>) -> Vec<i64> {
    buried.values().map(|version| signed(version.write_version)).collect()
}

/// Buries every account of the market that `snapshot` lacks and that is older.
pub(super) async fn bury_absent_from_market(connection: &mut PgConnection, snapshot: &Snapshot) -> sqlx::Result<u64> {
    let buried = sqlx::query!(
        "INSERT INTO tombstones AS t (address, slot, write_version)
         SELECT known.address, $2, 0 FROM (
             SELECT address, slot FROM market_configs UNION ALL SELECT address, slot FROM mints
             UNION ALL SELECT address, slot FROM providers UNION ALL SELECT address, slot FROM nodes
             UNION ALL SELECT address, slot FROM balances UNION ALL SELECT address, slot FROM jobs
             UNION ALL SELECT address, slot FROM claims UNION ALL SELECT address, slot FROM faults
             UNION ALL SELECT address, slot FROM fee_shards UNION ALL SELECT address, slot FROM tenants
             UNION ALL SELECT address, slot FROM fee_shards UNION ALL SELECT address, slot FROM gpu_classes
             UNION ALL SELECT address, slot FROM price_ranges UNION ALL SELECT address, slot FROM devices
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
             UNION ALL SELECT address, slot FROM delegations
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
