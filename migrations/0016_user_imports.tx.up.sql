-- A bulk import of users. lines is how many of its lines have been taken; it moves in the transaction that makes their users, so
-- whatever interrupts an import, the next line to be sent is known.
CREATE TABLE user_imports (
    id           TEXT PRIMARY KEY,
    total        BIGINT NOT NULL, -- as announced; 0: unknown
    lines        BIGINT NOT NULL,
    created      BIGINT NOT NULL,
    existing     BIGINT NOT NULL,
    failed       BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
--bun:split
-- What became of each line.
CREATE TABLE user_import_results (
    import_id    TEXT NOT NULL REFERENCES user_imports (id) ON DELETE CASCADE,
    line         BIGINT NOT NULL, -- from 1
    status       TEXT NOT NULL CHECK (status IN ('created', 'exists', 'failed')),
    external_id  TEXT NOT NULL,
    user_id      TEXT NOT NULL,
    field        TEXT NOT NULL,
    detail       TEXT NOT NULL,
    PRIMARY KEY (import_id, line)
);
--bun:split
CREATE UNIQUE INDEX user_import_results_external ON user_import_results (import_id, external_id)
    WHERE external_id <> '' AND status = 'created';
