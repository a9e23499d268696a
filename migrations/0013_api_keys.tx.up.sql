-- Keys of scripts and pipelines to the management API. The secret is shown once and kept as its SHA-256. A key counts for no
-- more than its maker may at the time: created_by_kind is client, user, or cli, which is bound by nothing.
CREATE TABLE api_keys (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    secret_hash     BYTEA NOT NULL,
    hint            TEXT NOT NULL, -- the end of the secret, to tell keys apart
    scope           TEXT NOT NULL,
    created_by      TEXT NOT NULL,
    created_by_kind TEXT NOT NULL CHECK (created_by_kind IN ('client', 'user', 'cli')),
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT,
    last_used_at    BIGINT,
    revoked_at      BIGINT,
    revoked_by      TEXT NOT NULL DEFAULT ''
);
--bun:split
CREATE UNIQUE INDEX api_keys_secret ON api_keys (secret_hash);
