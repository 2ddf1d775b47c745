-- Where fees go: shards that collect them, and what governance set about them.

CREATE TABLE fee_shards (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    mint BYTEA NOT NULL CHECK (octet_length(mint) = 32),
    -- Among the mint's shards, from zero.
    number SMALLINT NOT NULL,
    -- Fees that were not swept so far.
    amount u64 NOT NULL
);
CREATE INDEX fee_shards_by_mint ON fee_shards (mint, number);

CREATE VIEW open_fee_shards AS SELECT * FROM fee_shards a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- Rows that are older than these columns are of accounts without them: no treasury, and no open shard.
ALTER TABLE market_configs ADD COLUMN treasury BYTEA NOT NULL DEFAULT decode(repeat('00', 32), 'hex') CHECK (octet_length(treasury) = 32);
ALTER TABLE market_configs ADD COLUMN fee_burn_bps INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mints ADD COLUMN fee_shards SMALLINT NOT NULL DEFAULT 0;

-- A view keeps the columns that its table had when it was made.
CREATE OR REPLACE VIEW open_market_configs AS SELECT * FROM market_configs a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE OR REPLACE VIEW open_mints AS SELECT * FROM mints a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- Offers that `job_open` would accept: the mint takes new jobs, all its fee shards (FEE_SHARDS of the protocol) are open, and the rate lies in its range.
CREATE OR REPLACE VIEW usable_prices AS
SELECT p.node, p.mint, p.rate
FROM node_prices p
JOIN open_mints m ON m.mint = p.mint
WHERE m.enabled AND m.fee_shards >= 8 AND p.rate BETWEEN m.rate_floor AND m.rate_ceiling;
