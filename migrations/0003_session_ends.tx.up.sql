-- Where the feed of ended sessions stands. Whoever gives positions holds this row until they have committed, so that the
-- order of positions is the order in which they became visible: a reader that has passed one has missed none before it.
CREATE TABLE session_feed (
    id           BIGINT PRIMARY KEY CHECK (id = 1),
    position     BIGINT NOT NULL,
    forgotten    BIGINT NOT NULL -- the last position that has been deleted
);
--bun:split
INSERT INTO session_feed (id, position, forgotten) VALUES (1, 0, 0);
--bun:split
-- What ended lately, written in the transaction that ended it, without a position until it has committed.
CREATE TABLE session_ends (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL,
    session_id   TEXT NOT NULL, -- '' stands for all sessions that the user had: an epoch has moved
    status       TEXT NOT NULL,
    reason       TEXT NOT NULL,
    client_ids   TEXT NOT NULL, -- a JSON array: who took part
    ended_at     BIGINT NOT NULL,
    position     BIGINT,
    numbered_at  BIGINT
);
--bun:split
CREATE UNIQUE INDEX session_ends_position ON session_ends (position);
--bun:split
CREATE INDEX session_ends_unnumbered ON session_ends (id) WHERE position IS NULL;
