-- Stake that others delegated to a provider, and what it pays them.

-- What proven faults have taken so far, delegated stake included.
ALTER TABLE stakes ADD COLUMN slashed u64 NOT NULL DEFAULT 0;
-- What delegators have entrusted and earned, in base units, and the shares that own it.
ALTER TABLE stakes ADD COLUMN delegated u64 NOT NULL DEFAULT 0;
ALTER TABLE stakes ADD COLUMN delegated_shares u64 NOT NULL DEFAULT 0;
-- What of it they have asked back and not withdrawn yet, and the shares that own that.
ALTER TABLE stakes ADD COLUMN delegated_unbonding u64 NOT NULL DEFAULT 0;
ALTER TABLE stakes ADD COLUMN delegated_unbonding_shares u64 NOT NULL DEFAULT 0;
-- The provider's part of what delegated stake earns; the announced one counts from that moment on, zero where none is announced.
ALTER TABLE stakes ADD COLUMN commission_bps INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stakes ADD COLUMN next_commission_bps INTEGER NOT NULL DEFAULT 0;
ALTER TABLE stakes ADD COLUMN commission_from BIGINT NOT NULL DEFAULT 0;

CREATE TABLE delegations (
    address BYTEA PRIMARY KEY CHECK (octet_length(address) = 32),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    write_version BIGINT NOT NULL CHECK (write_version >= 0),
    stake BYTEA NOT NULL CHECK (octet_length(stake) = 32),
    -- The wallet that alone gets the tokens back.
    delegator BYTEA NOT NULL CHECK (octet_length(delegator) = 32),
    -- Shares of the stake's delegated pool.
    shares u64 NOT NULL,
    -- Shares of the stake's delegated unbonding, as many as all waiting requests have together.
    unbonding_shares u64 NOT NULL,
    -- Waiting requests in the order of their places: [{"place": …, "shares": "…", "withdrawable_at": …}].
    unbondings JSONB NOT NULL
);
CREATE INDEX delegations_by_stake ON delegations (stake, address);
CREATE INDEX delegations_by_delegator ON delegations (delegator, address);

CREATE VIEW open_delegations AS SELECT * FROM delegations a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- A view keeps the columns that it was made with.
CREATE OR REPLACE VIEW open_stakes AS SELECT * FROM stakes a WHERE NOT EXISTS (
    SELECT FROM tombstones t WHERE t.address = a.address AND (t.slot, t.write_version) > (a.slot, a.write_version));

-- What `shares` of a pool are worth: the rule of `crates/protocol/src/shares.rs`, rounded down as there.
CREATE FUNCTION worth(shares NUMERIC, pool_assets NUMERIC, pool_shares NUMERIC) RETURNS NUMERIC
    LANGUAGE SQL IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN shares = 0 THEN 0
        WHEN pool_assets < pool_shares THEN DIV(shares * pool_assets, pool_shares)
        ELSE DIV(shares * (pool_assets + 1000000), pool_shares + 1000000)
    END;
