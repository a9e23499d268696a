-- What administrators put into tokens: for all clients (kind session, no name), for one (client, its id), and tokens by name.
CREATE TABLE claim_templates (
    kind         TEXT NOT NULL CHECK (kind IN ('session', 'client', 'named')),
    name         TEXT NOT NULL,
    claims       TEXT NOT NULL,
    version      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    PRIMARY KEY (kind, name)
);
--bun:split
-- Counts their changes, so that the statement that reads a session also says whether what a replica remembers is out of date.
ALTER TABLE realm ADD COLUMN templates_version BIGINT NOT NULL DEFAULT 0;
