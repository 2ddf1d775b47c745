-- One row per account of the programs, in its latest version.
--
-- Versions are ordered by (slot, write_version); an older version never replaces a newer one. An account that was closed keeps its
-- last row, hidden from the views named open_… by a tombstone that is newer than the row.

CREATE TABLE tombstones (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0)
);

CREATE TABLE pools (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    authority BYTEA NOT NULL CHECK (octet_length(authority) = 32),
    mint BYTEA NOT NULL CHECK (octet_length(mint) = 32),
    vault BYTEA NOT NULL CHECK (octet_length(vault) = 32),
    market_signer BYTEA NOT NULL CHECK (octet_length(market_signer) = 32),
    staked u64 NOT NULL,
    unbonding_period_s BIGINT NOT NULL,
    decimals SMALLINT NOT NULL
);

CREATE TABLE stakes (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    owner BYTEA NOT NULL CHECK (octet_length(owner) = 32),
    active u64 NOT NULL,
    reserved u64 NOT NULL,
    -- Waiting requests in the order of their places: [{"amount": "…", "withdrawable_at": …}].
    unbondings JSONB NOT NULL,
    opened_at BIGINT NOT NULL
);
CREATE INDEX stakes_by_owner ON stakes (owner);

CREATE TABLE market_configs (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    authority BYTEA NOT NULL CHECK (octet_length(authority) = 32),
    genesis_hash BYTEA NOT NULL CHECK (octet_length(genesis_hash) = 32),
    stake_per_gpu u64 NOT NULL,
    start_deadline_s BIGINT NOT NULL,
    grace_window_s BIGINT NOT NULL,
    heartbeat_max_age_s BIGINT NOT NULL,
    fee_bps INTEGER NOT NULL,
    paused BOOLEAN NOT NULL
);

CREATE TABLE mints (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    mint BYTEA NOT NULL CHECK (octet_length(mint) = 32),
    vault BYTEA NOT NULL CHECK (octet_length(vault) = 32),
    token_program BYTEA NOT NULL CHECK (octet_length(token_program) = 32),
    rate_floor u64 NOT NULL,
    rate_ceiling u64 NOT NULL,
    decimals SMALLINT NOT NULL,
    enabled BOOLEAN NOT NULL
);
CREATE INDEX mints_by_mint ON mints (mint);

CREATE TABLE providers (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    owner BYTEA NOT NULL CHECK (octet_length(owner) = 32),
    attestation_key BYTEA NOT NULL CHECK (octet_length(attestation_key) = 32),
    tls_key_hash BYTEA NOT NULL CHECK (octet_length(tls_key_hash) = 32),
    endpoint TEXT NOT NULL,
    nodes INTEGER NOT NULL,
    registered_at BIGINT NOT NULL
);
CREATE INDEX providers_by_owner ON providers (owner);

CREATE TABLE nodes (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    provider BYTEA NOT NULL CHECK (octet_length(provider) = 32),
    owner BYTEA NOT NULL CHECK (octet_length(owner) = 32),
    class TEXT NOT NULL,
    region TEXT NOT NULL,
    heartbeat_at BIGINT NOT NULL,
    registered_at BIGINT NOT NULL,
    memory_mib BIGINT NOT NULL,
    min_duration_s BIGINT NOT NULL,
    max_duration_s BIGINT NOT NULL,
    gpus INTEGER NOT NULL,
    gpus_free INTEGER NOT NULL,
    id INTEGER NOT NULL,
    active BOOLEAN NOT NULL,
    simulated BOOLEAN NOT NULL
);
CREATE INDEX nodes_by_provider ON nodes (provider, address);
CREATE INDEX nodes_by_class ON nodes (class, address);

-- A node's offers, which its account holds as a list.
CREATE TABLE node_prices (
    node BYTEA NOT NULL REFERENCES nodes (address),
    mint BYTEA NOT NULL CHECK (octet_length(mint) = 32),
    -- Micro-atoms per second and GPU.
    rate u64 NOT NULL CHECK (rate > 0),
    PRIMARY KEY (node, mint)
);
-- The market's most frequent question: the cheapest in a mint.
CREATE INDEX node_prices_by_rate ON node_prices (mint, rate, node);

CREATE TABLE balances (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    owner BYTEA NOT NULL CHECK (octet_length(owner) = 32),
    mint BYTEA NOT NULL CHECK (octet_length(mint) = 32),
    amount u64 NOT NULL
);
CREATE INDEX balances_by_owner ON balances (owner, address);

CREATE TABLE jobs (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    tenant BYTEA NOT NULL CHECK (octet_length(tenant) = 32),
    -- The provider's wallet.
    provider BYTEA NOT NULL CHECK (octet_length(provider) = 32),
    node BYTEA NOT NULL CHECK (octet_length(node) = 32),
    mint BYTEA NOT NULL CHECK (octet_length(mint) = 32),
    session_key BYTEA NOT NULL CHECK (octet_length(session_key) = 32),
    attestation_key BYTEA NOT NULL CHECK (octet_length(attestation_key) = 32),
    genesis_hash BYTEA NOT NULL CHECK (octet_length(genesis_hash) = 32),
    bundle_hash BYTEA NOT NULL CHECK (octet_length(bundle_hash) = 32),
    samples_root BYTEA NOT NULL CHECK (octet_length(samples_root) = 32),
    nonce u64 NOT NULL,
    -- Micro-atoms per second for all GPUs.
    rate u64 NOT NULL,
    escrow u64 NOT NULL,
    owed u64 NOT NULL,
    paid u64 NOT NULL,
    fee u64 NOT NULL,
    refund u64 NOT NULL,
    stake_reserved u64 NOT NULL,
    sequence u64 NOT NULL,
    metered_ms u64 NOT NULL,
    opened_at BIGINT NOT NULL,
    start_deadline BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    stopped_at BIGINT NOT NULL,
    ended_at BIGINT NOT NULL,
    max_duration_s BIGINT NOT NULL,
    grace_window_s BIGINT NOT NULL,
    gpus INTEGER NOT NULL,
    fee_bps INTEGER NOT NULL,
    -- 1 open, 2 running, 3 stopped, 4 closed, 5 cancelled.
    state SMALLINT NOT NULL,
    is_final BOOLEAN NOT NULL
);
CREATE INDEX jobs_by_time ON jobs (opened_at DESC, address);
CREATE INDEX jobs_by_tenant ON jobs (tenant, opened_at DESC, address);
CREATE INDEX jobs_by_provider ON jobs (provider, opened_at DESC, address);
CREATE INDEX jobs_by_state ON jobs (state, opened_at DESC, address);
