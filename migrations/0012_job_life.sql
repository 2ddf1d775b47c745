-- A job's former session key, and the exit that its provider announced.
ALTER TABLE jobs
    ADD COLUMN former_session_key BYTEA NOT NULL
        DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000' CHECK (octet_length(former_session_key) = 32),
    ADD COLUMN session_rotated_at BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN exits_at BIGINT NOT NULL DEFAULT 0;
