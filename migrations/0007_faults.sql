-- Proven faults, and what they leave on other accounts.

ALTER TABLE providers ADD COLUMN faults INTEGER NOT NULL DEFAULT 0 CHECK (faults >= 0);
-- GPUs of all nodes that take new jobs: what the stake must cover before another job may be opened.
ALTER TABLE providers ADD COLUMN gpus_offered BIGINT NOT NULL DEFAULT 0 CHECK (gpus_offered >= 0);

-- The provider's hot key before the rekey, whose receipts can still prove a fault; zeros before.
ALTER TABLE jobs ADD COLUMN former_key BYTEA NOT NULL
    DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000' CHECK (octet_length(former_key) = 32);

-- Metered milliseconds of the last settled receipt that both sides signed, and whether a claim of the provider waits.
ALTER TABLE jobs ADD COLUMN co_signed_ms u64 NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN claimed BOOLEAN NOT NULL DEFAULT FALSE;

-- Claims of providers against silent tenants; closed when they are settled or refuted.
CREATE TABLE claims (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    job BYTEA NOT NULL CHECK (octet_length(job) = 32),
    payer BYTEA NOT NULL CHECK (octet_length(payer) = 32),
    samples_root BYTEA NOT NULL CHECK (octet_length(samples_root) = 32),
    sequence u64 NOT NULL,
    metered_ms u64 NOT NULL,
    bond u64 NOT NULL,
    payable_at BIGINT NOT NULL
);
CREATE INDEX claims_by_job ON claims (job, address);

CREATE VIEW open_claims AS SELECT * FROM claims a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

CREATE TABLE faults (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    job BYTEA NOT NULL CHECK (octet_length(job) = 32),
    -- The provider's wallet.
    provider BYTEA NOT NULL CHECK (octet_length(provider) = 32),
    reporter BYTEA NOT NULL CHECK (octet_length(reporter) = 32),
    -- Sequence of the later receipt of the proof.
    sequence u64 NOT NULL,
    -- What it cost, in base units of the network token.
    slashed u64 NOT NULL,
    proven_at BIGINT NOT NULL,
    penalty_bps INTEGER NOT NULL,
    -- 1 equivocation, 2 regressing usage, 3 usage after the final receipt.
    kind SMALLINT NOT NULL
);
CREATE INDEX faults_by_provider ON faults (provider, address);
CREATE INDEX faults_by_job ON faults (job, address);

CREATE VIEW open_faults AS SELECT * FROM faults a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW open_providers AS SELECT * FROM providers a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- Nodes as a tenant sees them, by the same rules as `job_open`: active, the last heartbeat not too old by the chain's own clock, and a
-- stake that covers everything that the provider offers.
CREATE OR REPLACE VIEW market_nodes AS
SELECT n.address, n.slot, n.provider, n.owner, n.class, n.region, n.heartbeat_at, n.registered_at, n.memory_mib,
       n.min_duration_s, n.max_duration_s, n.gpus, n.gpus_free, n.id, n.active, n.simulated,
       v.endpoint, v.tls_key_hash, v.attestation_key,
       CASE WHEN s.active + s.delegated >= c.stake_per_gpu * v.gpus_offered
            THEN GREATEST(s.active + s.delegated - s.reserved, 0) ELSE 0 END AS stake_free,
       COALESCE(c.stake_per_gpu, 0) AS stake_per_gpu,
       COALESCE(n.active AND NOT c.paused AND k.chain_time - n.heartbeat_at <= c.heartbeat_max_age_s, FALSE) AS alive
FROM open_nodes n
JOIN open_providers v ON v.address = n.provider
LEFT JOIN open_stakes s ON s.owner = n.owner
LEFT JOIN open_market_configs c ON TRUE
LEFT JOIN checkpoint k ON TRUE;
