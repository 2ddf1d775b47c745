-- Accounts that exist: those without a tombstone newer than their row.

CREATE VIEW open_pools AS SELECT * FROM pools a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE VIEW open_stakes AS SELECT * FROM stakes a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE VIEW open_market_configs AS SELECT * FROM market_configs a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE VIEW open_mints AS SELECT * FROM mints a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE VIEW open_providers AS SELECT * FROM providers a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE VIEW open_nodes AS SELECT * FROM nodes a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE VIEW open_balances AS SELECT * FROM balances a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- Offers that `job_open` would accept: the mint takes new jobs and the rate lies in its range.
CREATE VIEW usable_prices AS
SELECT p.node, p.mint, p.rate
FROM node_prices p
JOIN open_mints m ON m.mint = p.mint
WHERE m.enabled AND p.rate BETWEEN m.rate_floor AND m.rate_ceiling;

-- Nodes as a tenant sees them: with the provider that answers for them, its unreserved stake, and whether the node is alive by the
-- same rule as `job_open`: active, and the last heartbeat not too old by the chain's own clock.
CREATE VIEW market_nodes AS
SELECT n.address, n.slot, n.provider, n.owner, n.class, n.region, n.heartbeat_at, n.registered_at, n.memory_mib,
       n.min_duration_s, n.max_duration_s, n.gpus, n.gpus_free, n.id, n.active, n.simulated,
       v.endpoint, v.tls_key_hash, v.attestation_key,
       COALESCE(s.active - s.reserved, 0) AS stake_free,
       COALESCE(c.stake_per_gpu, 0) AS stake_per_gpu,
       COALESCE(n.active AND NOT c.paused AND k.chain_time - n.heartbeat_at <= c.heartbeat_max_age_s, FALSE) AS alive
FROM open_nodes n
JOIN open_providers v ON v.address = n.provider
LEFT JOIN open_stakes s ON s.owner = n.owner
LEFT JOIN open_market_configs c ON TRUE
LEFT JOIN checkpoint k ON TRUE;
