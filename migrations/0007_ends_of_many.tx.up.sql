-- Who moved an epoch last, and why: what the sessions that it ended are told when they go through the door.
ALTER TABLE users ADD COLUMN epoch_status TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE users ADD COLUMN epoch_reason TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE users ADD COLUMN epoch_by TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE users ADD COLUMN epoch_at BIGINT;
--bun:split
ALTER TABLE realm ADD COLUMN epoch_status TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE realm ADD COLUMN epoch_reason TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE realm ADD COLUMN epoch_by TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE realm ADD COLUMN epoch_at BIGINT;
--bun:split
-- The clients whose sessions have ended all at once and are not all through the door: a session in which such a client
-- took part under an older epoch is over. Every read of a session asks this table, so it holds nothing else and is
-- empty nearly always.
CREATE TABLE client_ends (
    client_id    TEXT PRIMARY KEY,
    epoch        BIGINT NOT NULL,
    epoch_status TEXT NOT NULL,
    epoch_reason TEXT NOT NULL,
    epoch_by     TEXT NOT NULL,
    epoch_at     BIGINT NOT NULL
);
--bun:split
-- An entry without session and user stands for all sessions that this client took part in, without any for everybody's.
ALTER TABLE session_ends ADD COLUMN client_id TEXT NOT NULL DEFAULT '';
