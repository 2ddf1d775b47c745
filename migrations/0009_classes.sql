-- Classes of GPUs, what each may cost in each mint, and the GPUs themselves.

CREATE TABLE gpu_classes (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    name TEXT NOT NULL,
    -- Whether new nodes and jobs of it are welcome.
    enabled BOOLEAN NOT NULL
);
CREATE INDEX gpu_classes_by_name ON gpu_classes (name);

CREATE TABLE price_ranges (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    class TEXT NOT NULL,
    mint BYTEA NOT NULL CHECK (octet_length(mint) = 32),
    -- Micro-atoms per second and GPU; `floor` is a function of SQL.
    rate_floor u64 NOT NULL,
    rate_ceiling u64 NOT NULL
);
CREATE INDEX price_ranges_by_class ON price_ranges (class, mint);

CREATE TABLE devices (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    node BYTEA NOT NULL CHECK (octet_length(node) = 32),
    -- The provider's account.
    provider BYTEA NOT NULL CHECK (octet_length(provider) = 32),
    identity BYTEA NOT NULL CHECK (octet_length(identity) = 32),
    registered_at BIGINT NOT NULL
);
CREATE INDEX devices_by_node ON devices (node, address);
CREATE INDEX devices_by_provider ON devices (provider, address);

CREATE VIEW open_gpu_classes AS SELECT * FROM gpu_classes a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE VIEW open_price_ranges AS SELECT * FROM price_ranges a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE VIEW open_devices AS SELECT * FROM devices a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- A range belongs to a class and a mint from here on. Views name their columns, so they go first.
DROP VIEW usable_prices;
DROP VIEW open_mints;
ALTER TABLE mints DROP COLUMN rate_floor, DROP COLUMN rate_ceiling;
CREATE VIEW open_mints AS SELECT * FROM mints a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- Offers that `job_open` would accept: mint and class take new jobs, all fee shards of the mint (FEE_SHARDS of the protocol) are open, and
-- the rate lies in the range of the node's class in the mint.
CREATE VIEW usable_prices AS
SELECT p.node, p.mint, p.rate
FROM node_prices p
JOIN nodes n ON n.address = p.node
JOIN open_mints m ON m.mint = p.mint
JOIN open_gpu_classes c ON c.name = n.class
JOIN open_price_ranges r ON r.class = n.class AND r.mint = p.mint
WHERE m.enabled AND m.fee_shards >= 8 AND c.enabled AND p.rate BETWEEN r.rate_floor AND r.rate_ceiling;
