-- A permission to act once as somebody else. Its ticket is the id and a secret, of which only the hash is kept.
CREATE TABLE actor_tokens (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL,
    actor_sub      TEXT NOT NULL,
    actor          TEXT NOT NULL, -- JSON, as it was given
    reason         TEXT NOT NULL,
    secret_hash    BYTEA NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('pending', 'accepted', 'revoked')),
    max_duration   BIGINT NOT NULL, -- of the session, in microseconds
    session_id     TEXT NOT NULL DEFAULT '',
    needs_approval BOOLEAN NOT NULL,
    approved_by    TEXT NOT NULL DEFAULT '',
    approved_at    BIGINT,
    created_by     TEXT NOT NULL,
    expires_at     BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL
);
--bun:split
CREATE INDEX actor_tokens_user ON actor_tokens (user_id, id);
--bun:split
-- Policies are JSON; an empty object is the default. The row is there from the start, so that whoever acts on a policy can
-- hold it.
CREATE TABLE policies (
    name         TEXT PRIMARY KEY,
    document     TEXT NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
--bun:split
INSERT INTO policies (name, document, version, created_at, updated_at) VALUES ('impersonation', '{}', 1, 0, 0);
--bun:split
-- Who acts in a session that is not the user's own, and the session of theirs that it hangs off.
ALTER TABLE sessions ADD COLUMN actor_sub TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE sessions ADD COLUMN actor_session_id TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE sessions ADD COLUMN actor_token_id TEXT NOT NULL DEFAULT '';
--bun:split
CREATE INDEX sessions_actor ON sessions (actor_sub, actor_session_id) WHERE actor_sub <> '';
--bun:split
-- The same of tokens that were exchanged, and the family of the token that they were exchanged for. Such a family has no
-- refresh token.
ALTER TABLE token_families ADD COLUMN actor_sub TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE token_families ADD COLUMN actor_session_id TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE token_families ADD COLUMN parent_id TEXT NOT NULL DEFAULT '';
--bun:split
CREATE INDEX token_families_actor ON token_families (actor_sub) WHERE actor_sub <> '';
