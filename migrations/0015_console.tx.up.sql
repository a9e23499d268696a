-- The console finds people by how an address or a name begins. Bytes are compared, whatever the database's collation:
-- in others what lies between two strings is not what begins with one of them.
CREATE INDEX identifiers_begin ON identifiers (kind, value COLLATE "C");
--bun:split
CREATE INDEX users_begin ON users (lower(name) COLLATE "C");
--bun:split
CREATE INDEX users_status ON users (status, id);
--bun:split
CREATE INDEX users_role ON users (role, id);
--bun:split
CREATE INDEX audit_events_kind ON audit_events (kind, at, id);
--bun:split
-- Written once, when a session ends. What is live has no entry and goes on without one.
CREATE INDEX sessions_ended ON sessions (ended_at, end_reason) WHERE ended_at IS NOT NULL;
--bun:split
CREATE INDEX sessions_status ON sessions (status, id);
--bun:split
CREATE INDEX deliveries_made ON deliveries (kind, created_at);
--bun:split
-- What happened in an hour that is over, counted once: the console's charts read these.
CREATE TABLE figures (
    hour         BIGINT NOT NULL, -- since 1970
    name         TEXT NOT NULL,
    n            BIGINT NOT NULL,
    PRIMARY KEY (hour, name)
);
