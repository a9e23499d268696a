-- The users whose sessions have ended all at once and are not all filed as over, as client_ends is of clients. Whose epoch ever moved
-- was looked at each second before.
CREATE TABLE user_ends (
    user_id  TEXT PRIMARY KEY,
    epoch    BIGINT NOT NULL
);
--bun:split
INSERT INTO user_ends (user_id, epoch) SELECT id, epoch FROM users WHERE epoch > 0 OR status <> 'active';
--bun:split
DROP INDEX users_moved;
--bun:split
-- A client's epoch as of which all older sessions are filed as over; until it is, the last session up to which they are.
ALTER TABLE client_ends ADD COLUMN swept_epoch BIGINT NOT NULL DEFAULT 0;
--bun:split
ALTER TABLE client_ends ADD COLUMN swept_to TEXT NOT NULL DEFAULT '';
--bun:split
-- They are walked in order.
CREATE INDEX client_sessions_of_client ON client_sessions (client_id, session_id);
--bun:split
DROP INDEX client_sessions_client;
