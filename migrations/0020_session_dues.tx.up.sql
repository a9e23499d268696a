-- When to look next whether a session's time has run out: never after it has. A session that turns out to have been used
-- meanwhile is filed anew then, so that each is looked at about once in its idle time, and using one writes nothing here.
CREATE TABLE session_dues (
    session_id   TEXT PRIMARY KEY,
    due_at       BIGINT NOT NULL
);
--bun:split
INSERT INTO session_dues (session_id, due_at)
    SELECT id, CASE WHEN expires_at < last_active_at + idle_ttl THEN expires_at ELSE last_active_at + idle_ttl END
    FROM sessions WHERE status = 'active';
--bun:split
CREATE INDEX session_dues_due ON session_dues (due_at, session_id);
--bun:split
-- Everybody's epoch as of which all older sessions have gone through the door.
ALTER TABLE realm ADD COLUMN swept_epoch BIGINT NOT NULL DEFAULT 0;
