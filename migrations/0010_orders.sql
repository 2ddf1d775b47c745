-- Orders with their bids; closed when nothing is left in them.

CREATE TABLE orders (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    tenant BYTEA NOT NULL CHECK (octet_length(tenant) = 32),
    mint BYTEA NOT NULL CHECK (octet_length(mint) = 32),
    -- Where the job is that an accepted bid opens.
    job BYTEA NOT NULL CHECK (octet_length(job) = 32),
    session_key BYTEA NOT NULL CHECK (octet_length(session_key) = 32),
    bundle_hash BYTEA NOT NULL CHECK (octet_length(bundle_hash) = 32),
    class TEXT NOT NULL,
    -- Empty: any.
    region TEXT NOT NULL,
    -- The best first: [{"place": …, "node": "Base58", "provider": "Base58", "rate": "…", "placed_at": …, "number": "…"}].
    bids JSONB NOT NULL,
    nonce u64 NOT NULL,
    -- The most that it pays per GPU.
    max_rate u64 NOT NULL,
    -- Held while the order is open.
    escrow u64 NOT NULL,
    -- Held for each bid.
    deposit u64 NOT NULL,
    -- Lamports for the rent of the job's account.
    job_rent u64 NOT NULL,
    opened_at BIGINT NOT NULL,
    bids_until BIGINT NOT NULL,
    accept_until BIGINT NOT NULL,
    max_duration_s BIGINT NOT NULL,
    min_memory_mib BIGINT NOT NULL,
    gpus INTEGER NOT NULL,
    -- Least score of the provider.
    min_score INTEGER NOT NULL,
    -- 1 open, 2 accepted, 3 cancelled.
    state SMALLINT NOT NULL,
    -- Whether simulated GPUs will do.
    simulated BOOLEAN NOT NULL
);
CREATE INDEX orders_by_tenant ON orders (tenant, address);
CREATE INDEX orders_by_class ON orders (class, address);
-- Finds the bids of a provider.
CREATE INDEX orders_by_bids ON orders USING GIN (bids jsonb_path_ops);

CREATE VIEW open_orders AS SELECT * FROM orders a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
