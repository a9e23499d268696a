ALTER TABLE audit_events ADD COLUMN device_id TEXT NOT NULL DEFAULT '';
--bun:split
-- An event gets its place in a chain after its transaction has committed, so that writing one waits for nobody.
ALTER TABLE audit_events ADD COLUMN chain TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE audit_events ADD COLUMN position BIGINT;
--bun:split
ALTER TABLE audit_events ADD COLUMN hash TEXT NOT NULL DEFAULT '';
--bun:split
CREATE UNIQUE INDEX audit_events_chain ON audit_events (chain, position);
--bun:split
CREATE INDEX audit_events_unsealed ON audit_events (id) WHERE position IS NULL;
--bun:split
-- The last link of each chain; every process of every replica has one of its own.
CREATE TABLE audit_chains (
    id           TEXT PRIMARY KEY,
    position     BIGINT NOT NULL,
    hash         TEXT NOT NULL,
    checked      BIGINT NOT NULL -- the position that the latest checkpoint vouches for
);
--bun:split
CREATE INDEX audit_chains_unchecked ON audit_chains (id) WHERE position > checked;
--bun:split
-- Signed statements of where the chains stand, each naming the one before.
CREATE TABLE audit_checkpoints (
    id           BIGINT PRIMARY KEY,
    body         TEXT NOT NULL,
    created_at   BIGINT NOT NULL
);
