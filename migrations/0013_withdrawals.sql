-- How much of a mint may be withdrawn at once, and withdrawals that wait.

-- Rows that are older than these columns are of mints without a cap: the largest number is none.
ALTER TABLE mints ADD COLUMN withdraw_cap u64 NOT NULL DEFAULT 18446744073709551615;
-- Base units that could be withdrawn at that moment, and 3600ths of another.
ALTER TABLE mints ADD COLUMN withdraw_room u64 NOT NULL DEFAULT 18446744073709551615;
ALTER TABLE mints ADD COLUMN withdraw_rest INTEGER NOT NULL DEFAULT 0 CHECK (withdraw_rest >= 0);
ALTER TABLE mints ADD COLUMN room_at BIGINT NOT NULL DEFAULT 0;

-- A view keeps the columns that its table had when it was made.
CREATE OR REPLACE VIEW open_mints AS SELECT * FROM mints a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- Closed when they are paid or taken back.
CREATE TABLE withdrawals (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    -- The balance's account.
    balance BYTEA NOT NULL CHECK (octet_length(balance) = 32),
    owner BYTEA NOT NULL CHECK (octet_length(owner) = 32),
    mint BYTEA NOT NULL CHECK (octet_length(mint) = 32),
    amount u64 NOT NULL,
    -- Unix seconds from which anyone may have it paid out.
    payable_at BIGINT NOT NULL,
    -- Among the balance's withdrawals, from zero.
    number SMALLINT NOT NULL
);
CREATE INDEX withdrawals_by_owner ON withdrawals (owner, address);
CREATE INDEX withdrawals_by_mint ON withdrawals (mint, address);

CREATE VIEW open_withdrawals AS SELECT * FROM withdrawals a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));
