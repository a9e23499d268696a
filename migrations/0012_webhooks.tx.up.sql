-- Who is told what happens, and where. Secrets are sealed; the one before counts until previous_until.
CREATE TABLE webhook_endpoints (
    id                       TEXT PRIMARY KEY,
    url                      TEXT NOT NULL,
    description              TEXT NOT NULL,
    events                   TEXT NOT NULL, -- JSON, a list of names; an empty one stands for all
    owner_email              TEXT NOT NULL,
    include_private_metadata BOOLEAN NOT NULL,
    signature                TEXT NOT NULL CHECK (signature IN ('hmac', 'ed25519')),
    secret                   BYTEA NOT NULL,
    public_key               TEXT NOT NULL,
    previous_secret          BYTEA,
    previous_until           BIGINT,
    failing_since            BIGINT, -- of the first failure that no success has followed
    disabled_at              BIGINT,
    disabled_reason          TEXT NOT NULL,
    version                  BIGINT NOT NULL,
    created_at               BIGINT NOT NULL,
    updated_at               BIGINT NOT NULL
);
--bun:split
-- What happened, as it was when it happened: the body of the requests, without what only those see that ask for it.
CREATE TABLE webhook_messages (
    id               TEXT PRIMARY KEY,
    type             TEXT NOT NULL,
    user_id          TEXT NOT NULL,
    payload          TEXT NOT NULL,
    private_metadata TEXT NOT NULL,
    created_at       BIGINT NOT NULL
);
--bun:split
CREATE INDEX webhook_messages_user ON webhook_messages (user_id, type);
--bun:split
CREATE INDEX webhook_messages_created ON webhook_messages (created_at);
--bun:split
-- The message that a delivery carries; empty for what is made anew with each attempt.
ALTER TABLE deliveries ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
--bun:split
CREATE INDEX deliveries_webhook ON deliveries (receiver, id) WHERE kind = 'webhook';
