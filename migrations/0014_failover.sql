-- The job that went on with the rest of another on another node; zeros while there is none.
ALTER TABLE jobs ADD COLUMN successor BYTEA NOT NULL
    DEFAULT '\x0000000000000000000000000000000000000000000000000000000000000000' CHECK (octet_length(successor) = 32);
