-- What a caller of the management API has asked for under a key of its own (Idempotency-Key), and what it was answered.
-- attempt is whose run it is at present, which others leave alone until leased_until. acted is set in the transaction of the
-- act itself: then it is not run again, also where the process died before the answer was kept.
CREATE TABLE idempotency_keys (
    caller        TEXT NOT NULL,
    key_hash      BYTEA NOT NULL, -- SHA-256
    request_hash  BYTEA NOT NULL, -- SHA-256 of method, target and body
    attempt       TEXT NOT NULL,
    leased_until  BIGINT NOT NULL,
    acted         BOOLEAN NOT NULL,
    status        BIGINT NOT NULL, -- 0: not answered
    answer        BYTEA, -- headers and body, sealed: some answers show a secret
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (caller, key_hash)
);
--bun:split
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
