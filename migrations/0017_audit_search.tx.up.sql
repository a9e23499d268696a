-- The console looks for events by time, session, application and actor beside kind and user, always the newest first.
CREATE INDEX audit_events_at ON audit_events (at, id);
--bun:split
CREATE INDEX audit_events_user_at ON audit_events (user_id, at, id);
--bun:split
DROP INDEX audit_events_user;
--bun:split
CREATE INDEX audit_events_session ON audit_events (session_id, at, id) WHERE session_id <> '';
--bun:split
CREATE INDEX audit_events_client ON audit_events (client_id, at, id) WHERE client_id <> '';
--bun:split
CREATE INDEX audit_events_actor ON audit_events (actor, at, id) WHERE actor <> '';
--bun:split
-- People are looked for by their family name, too, and by what they were called where they were imported from.
CREATE INDEX users_family_begin ON users (lower(family_name) COLLATE "C") WHERE family_name <> '';
--bun:split
CREATE INDEX user_import_results_known ON user_import_results (external_id) WHERE external_id <> '';
--bun:split
CREATE INDEX user_import_results_user ON user_import_results (user_id) WHERE external_id <> '';
