-- Which chain is indexed, and how far. Rows and this checkpoint move in one transaction, so the checkpoint never runs ahead.

-- An unsigned 64-bit integer of the chain.
CREATE DOMAIN u64 AS NUMERIC(20, 0) CHECK (VALUE BETWEEN 0 AND 18446744073709551615);

CREATE TABLE chain (
    only_row BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (only_row),
    -- A database belongs to one chain for ever; another chain's rows would be indistinguishable.
    genesis_hash BYTEA NOT NULL CHECK (octet_length(genesis_hash) = 32)
);

CREATE TABLE checkpoint (
    only_row BOOLEAN PRIMARY KEY DEFAULT TRUE CHECK (only_row),
    -- Everything up to and including this slot is in the tables.
    slot BIGINT NOT NULL CHECK (slot >= 0),
    blockhash BYTEA CHECK (octet_length(blockhash) = 32),
    -- The chain's clock at this slot, in Unix seconds: what ages are measured against.
    chain_time BIGINT NOT NULL,
    -- When it was written, by this machine's clock.
    applied_at_ms BIGINT NOT NULL
);

-- What could not be decoded, with its bytes, so that a later decoder can work it off.
CREATE TABLE dead_letters (
    kind TEXT NOT NULL CHECK (kind IN ('account', 'event', 'transaction')),
    -- The account's address, or the transaction's signature.
    source BYTEA NOT NULL CHECK (octet_length(source) IN (32, 64)),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    -- Place of the event in its transaction; the write version of an account.
    ordinal BIGINT NOT NULL CHECK (ordinal >= 0),
    program BYTEA NOT NULL CHECK (octet_length(program) = 32),
    bytes BYTEA NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (kind, source, slot, ordinal)
);
