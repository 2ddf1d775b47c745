-- Records: what jobs and faults have shown of providers and tenants, from which anyone computes their scores.

-- Until when the record has decayed, and the facts as of then. Rows that are older than these columns are of accounts without a record.
ALTER TABLE providers ADD COLUMN record_as_of BIGINT NOT NULL DEFAULT 0;
-- Fees that jobs have paid away, in base units of the network token; promised and kept time weighed by its fee.
ALTER TABLE providers ADD COLUMN record_fees u64 NOT NULL DEFAULT 0;
ALTER TABLE providers ADD COLUMN record_promised u64 NOT NULL DEFAULT 0;
ALTER TABLE providers ADD COLUMN record_kept u64 NOT NULL DEFAULT 0;
-- In 2^-20 jobs, or faults.
ALTER TABLE providers ADD COLUMN record_completed u64 NOT NULL DEFAULT 0;
ALTER TABLE providers ADD COLUMN record_failed u64 NOT NULL DEFAULT 0;
ALTER TABLE providers ADD COLUMN record_faults u64 NOT NULL DEFAULT 0;

CREATE TABLE tenants (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    wallet BYTEA NOT NULL CHECK (octet_length(wallet) = 32),
    opened_at BIGINT NOT NULL,
    -- As in providers.
    record_as_of BIGINT NOT NULL,
    record_fees u64 NOT NULL,
    record_promised u64 NOT NULL,
    record_kept u64 NOT NULL,
    record_completed u64 NOT NULL,
    record_failed u64 NOT NULL,
    record_faults u64 NOT NULL
);
CREATE INDEX tenants_by_wallet ON tenants (wallet, address);

-- Value of a million base units of the mint in base units of the network token: of the mint now, of the job when it was opened.
ALTER TABLE mints ADD COLUMN reference_price u64 NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN reference_price u64 NOT NULL DEFAULT 0;

CREATE VIEW open_tenants AS SELECT * FROM tenants a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- A view keeps the columns that its table had when it was made.
CREATE OR REPLACE VIEW open_providers AS SELECT * FROM providers a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
CREATE OR REPLACE VIEW open_mints AS SELECT * FROM mints a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- Every record with the chain's own time, at which its score is computed; in this order: as_of, fees, promised, kept, completed, failed,
-- faults, now.
CREATE VIEW records AS
SELECT r.address, ARRAY[r.record_as_of::TEXT, r.record_fees::TEXT, r.record_promised::TEXT, r.record_kept::TEXT,
                        r.record_completed::TEXT, r.record_failed::TEXT, r.record_faults::TEXT,
                        GREATEST(r.record_as_of, (SELECT k.chain_time FROM checkpoint k))::TEXT] AS record
FROM (SELECT address, record_as_of, record_fees, record_promised, record_kept, record_completed, record_failed, record_faults
      FROM open_providers
      UNION ALL
      SELECT address, record_as_of, record_fees, record_promised, record_kept, record_completed, record_failed, record_faults
      FROM open_tenants) r;
