-- What happened. Append-only: a row is written once and a repeated delivery changes nothing.

-- Successful transactions that name one of the programs.
CREATE TABLE transactions (
    signature BYTEA PRIMARY KEY CHECK (octet_length(signature) = 64),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    -- Place in its block, where the source tells it.
    index_in_block BIGINT,
    block_time BIGINT,
    fee_lamports u64 NOT NULL,
    compute_units u64
);
CREATE INDEX transactions_by_slot ON transactions (slot);

CREATE TABLE events (
    signature BYTEA NOT NULL CHECK (octet_length(signature) = 64),
    -- Place among the programs' events of its transaction.
    ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    program BYTEA NOT NULL CHECK (octet_length(program) = 32),
    name TEXT NOT NULL,
    -- The job, node, provider, mint or wallet that it is about; none for the configurations.
    subject BYTEA CHECK (octet_length(subject) = 32),
    -- As logged, discriminator included.
    payload BYTEA NOT NULL,
    PRIMARY KEY (signature, ordinal)
);
CREATE INDEX events_by_subject ON events (subject, slot, signature, ordinal);

-- Payments: each with the receipt that both sides signed, so that everyone can recompute it.
CREATE TABLE settlements (
    job BYTEA NOT NULL CHECK (octet_length(job) = 32),
    -- The program accepts a sequence at most once per job.
    sequence u64 NOT NULL,
    signature BYTEA NOT NULL CHECK (octet_length(signature) = 64),
    ordinal INTEGER NOT NULL CHECK (ordinal >= 0),
    slot BIGINT NOT NULL CHECK (slot >= 0),
    -- The chain's clock, in Unix seconds.
    settled_at BIGINT NOT NULL,
    receipt BYTEA NOT NULL CHECK (octet_length(receipt) = 144),
    provider_key BYTEA NOT NULL CHECK (octet_length(provider_key) = 32),
    provider_signature BYTEA NOT NULL CHECK (octet_length(provider_signature) = 64),
    tenant_key BYTEA NOT NULL CHECK (octet_length(tenant_key) = 32),
    tenant_signature BYTEA NOT NULL CHECK (octet_length(tenant_signature) = 64),
    -- When the provider made the receipt, Unix milliseconds by its own clock.
    made_at_ms BIGINT NOT NULL,
    metered_ms u64 NOT NULL,
    samples_root BYTEA NOT NULL CHECK (octet_length(samples_root) = 32),
    is_final BOOLEAN NOT NULL,
    paid_now u64 NOT NULL,
    paid u64 NOT NULL,
    fee u64 NOT NULL,
    balance u64 NOT NULL,
    -- Of the whole transaction.
    compute_units u64,
    PRIMARY KEY (job, sequence)
);
