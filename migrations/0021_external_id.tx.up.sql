-- What a user is called where they come from. Imports told it by their results, which go after thirty days: a user keeps it.
ALTER TABLE users ADD COLUMN external_id TEXT NOT NULL DEFAULT '';
--bun:split
-- Of users whom two imports called the same, the first that is still there keeps it.
UPDATE users SET external_id = (SELECT r.external_id FROM user_import_results AS r
        WHERE r.user_id = users.id AND r.external_id <> '' AND r.status = 'created')
    WHERE id IN (SELECT r.user_id FROM user_import_results AS r WHERE r.external_id <> '' AND r.status = 'created'
        AND NOT EXISTS (SELECT 1 FROM user_import_results AS o JOIN users AS ou ON ou.id = o.user_id
            WHERE o.external_id = r.external_id AND o.external_id <> '' AND o.status = 'created'
                AND (o.import_id < r.import_id OR o.import_id = r.import_id AND o.line < r.line)));
--bun:split
CREATE UNIQUE INDEX users_external ON users (external_id) WHERE external_id <> '';
--bun:split
-- Nobody looks for a user among results any more, and that an import makes nobody twice is kept by users_external.
DROP INDEX user_import_results_external;
--bun:split
DROP INDEX user_import_results_known;
--bun:split
DROP INDEX user_import_results_user;
