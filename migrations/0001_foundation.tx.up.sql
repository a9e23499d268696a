-- Everybody's epoch: moving it ends every session that was started under an older one.
CREATE TABLE realm (
    id          BIGINT PRIMARY KEY CHECK (id = 1),
    epoch       BIGINT NOT NULL
);
--bun:split
INSERT INTO realm (id, epoch) VALUES (1, 0);
--bun:split
CREATE TABLE users (
    id                TEXT PRIMARY KEY,
    status            TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
    role              TEXT NOT NULL DEFAULT '',
    name              TEXT NOT NULL DEFAULT '',
    given_name        TEXT NOT NULL DEFAULT '',
    family_name       TEXT NOT NULL DEFAULT '',
    locale            TEXT NOT NULL DEFAULT '',
    epoch             BIGINT NOT NULL DEFAULT 0,
    version           BIGINT NOT NULL DEFAULT 1,
    public_metadata   TEXT NOT NULL DEFAULT '{}',
    private_metadata  TEXT NOT NULL DEFAULT '{}',
    unsafe_metadata   TEXT NOT NULL DEFAULT '{}',
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    last_sign_in_at   BIGINT
);
--bun:split
-- What a user is found by. The value is normalised; display keeps what was typed.
CREATE TABLE identifiers (
    kind         TEXT NOT NULL CHECK (kind IN ('email', 'phone')),
    value        TEXT NOT NULL,
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    display      TEXT NOT NULL,
    is_primary   BOOLEAN NOT NULL,
    verified_at  BIGINT,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (kind, value)
);
--bun:split
CREATE INDEX identifiers_user ON identifiers (user_id);
--bun:split
CREATE TABLE factors (
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    id           TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('password', 'email', 'sms', 'totp', 'recovery')),
    secret       BYTEA,
    label        TEXT NOT NULL DEFAULT '',
    last_step    BIGINT NOT NULL DEFAULT 0,
    confirmed_at BIGINT,
    used_at      BIGINT,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (user_id, id)
);
--bun:split
-- One password a user; the others are counted by the code.
CREATE UNIQUE INDEX factors_password ON factors (user_id) WHERE kind = 'password';
--bun:split
-- A code that was sent to somebody and is waiting to be typed. The newest of a (subject, purpose, kind) is the only
-- one that counts, which the primary key enforces.
CREATE TABLE challenges (
    subject      TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    kind         TEXT NOT NULL,
    id           TEXT NOT NULL,
    user_id      TEXT NOT NULL DEFAULT '',
    target       TEXT NOT NULL,
    code_mac     BYTEA NOT NULL,
    tries        BIGINT NOT NULL DEFAULT 0,
    used_at      BIGINT,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (subject, purpose, kind)
);
--bun:split
CREATE TABLE throttles (
    bucket       TEXT PRIMARY KEY,
    count        BIGINT NOT NULL,
    window_at    BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
--bun:split
CREATE TABLE clients (
    id           TEXT PRIMARY KEY,
    secret_hash  BYTEA,
    metadata     TEXT NOT NULL,
    epoch        BIGINT NOT NULL DEFAULT 0,
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL
);
--bun:split
CREATE TABLE devices (
    id            TEXT PRIMARY KEY,
    cookie_hash   BYTEA NOT NULL UNIQUE,
    user_agent    TEXT NOT NULL DEFAULT '',
    ip_address    TEXT NOT NULL DEFAULT '',
    first_seen_at BIGINT NOT NULL,
    last_seen_at  BIGINT NOT NULL
);
--bun:split
-- The hot table: rows are found by primary key and no changing column is indexed.
CREATE TABLE sessions (
    user_id         TEXT NOT NULL,
    id              TEXT NOT NULL,
    device_id       TEXT NOT NULL DEFAULT '',
    kind            TEXT NOT NULL CHECK (kind IN ('browser', 'offline', 'impersonation')),
    status          TEXT NOT NULL CHECK (status IN
                    ('pending', 'active', 'ended', 'removed', 'replaced', 'revoked', 'expired', 'abandoned')),
    secret_hash     BYTEA,
    user_epoch      BIGINT NOT NULL,
    realm_epoch     BIGINT NOT NULL,
    acr             TEXT NOT NULL DEFAULT '',
    amr             TEXT NOT NULL DEFAULT '',
    user_agent      TEXT NOT NULL DEFAULT '',
    ip_address      TEXT NOT NULL DEFAULT '',
    authenticated_at BIGINT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_active_at  BIGINT NOT NULL,
    idle_ttl        BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    end_reason      TEXT NOT NULL DEFAULT '',
    ended_by        TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (user_id, id)
);
--bun:split
CREATE UNIQUE INDEX sessions_id ON sessions (id);
--bun:split
CREATE INDEX sessions_device ON sessions (device_id);
--bun:split
-- Who took part in a session: written by the first token, read by the fan-out.
CREATE TABLE client_sessions (
    user_id        TEXT NOT NULL,
    session_id     TEXT NOT NULL,
    client_id      TEXT NOT NULL,
    client_epoch   BIGINT NOT NULL,
    first_token_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, session_id, client_id)
);
--bun:split
CREATE INDEX client_sessions_client ON client_sessions (client_id);
--bun:split
CREATE TABLE token_families (
    user_id      TEXT NOT NULL,
    id           TEXT NOT NULL,
    session_id   TEXT NOT NULL,
    client_id    TEXT NOT NULL,
    client_epoch BIGINT NOT NULL,
    scope        TEXT NOT NULL,
    claims       TEXT NOT NULL DEFAULT '',
    generation   BIGINT NOT NULL,
    rotated_at   BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    revoked_at   BIGINT,
    PRIMARY KEY (user_id, id)
);
--bun:split
CREATE INDEX token_families_session ON token_families (user_id, session_id);
--bun:split
CREATE TABLE auth_requests (
    id            TEXT PRIMARY KEY,
    client_id     TEXT NOT NULL,
    browser_hash  BYTEA NOT NULL,
    params        TEXT NOT NULL,
    progress      TEXT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1,
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    finished_at   BIGINT
);
--bun:split
CREATE TABLE codes (
    hash            BYTEA PRIMARY KEY,
    client_id       TEXT NOT NULL,
    user_id         TEXT NOT NULL,
    session_id      TEXT NOT NULL,
    redirect_uri    TEXT NOT NULL,
    code_challenge  TEXT NOT NULL,
    scope           TEXT NOT NULL,
    nonce           TEXT NOT NULL,
    claims          TEXT NOT NULL DEFAULT '',
    family_id       TEXT NOT NULL,
    offline         BOOLEAN NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT NOT NULL,
    redeemed_at     BIGINT
);
--bun:split
CREATE TABLE consents (
    user_id      TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    client_id    TEXT NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    scope        TEXT NOT NULL,
    granted_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    PRIMARY KEY (user_id, client_id)
);
--bun:split
CREATE TABLE signing_keys (
    id             TEXT PRIMARY KEY,
    alg            TEXT NOT NULL,
    slot           BIGINT NOT NULL, -- first, second, ... of its algorithm: replicas that rotate together agree on one
    public_jwk     TEXT NOT NULL,
    private_sealed BYTEA NOT NULL,
    created_at     BIGINT NOT NULL,
    active_at      BIGINT NOT NULL,
    retired_at     BIGINT,
    UNIQUE (alg, slot)
);
--bun:split
-- Client assertions that were accepted (RFC 7523 3, jti): one use each.
CREATE TABLE used_assertions (
    client_id    TEXT NOT NULL,
    jti          TEXT NOT NULL,
    expires_at   BIGINT NOT NULL,
    PRIMARY KEY (client_id, jti)
);
--bun:split
CREATE TABLE audit_events (
    id           TEXT PRIMARY KEY,
    at           BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    user_id      TEXT NOT NULL DEFAULT '',
    session_id   TEXT NOT NULL DEFAULT '',
    client_id    TEXT NOT NULL DEFAULT '',
    actor        TEXT NOT NULL DEFAULT '',
    ip_address   TEXT NOT NULL DEFAULT '',
    request_id   TEXT NOT NULL DEFAULT '',
    data         TEXT NOT NULL DEFAULT '{}'
);
--bun:split
CREATE INDEX audit_events_user ON audit_events (user_id, id);
--bun:split
-- One message owed to one receiver, kept until it is settled.
CREATE TABLE deliveries (
    id           TEXT PRIMARY KEY,
    kind         TEXT NOT NULL,
    receiver     TEXT NOT NULL,
    user_id      TEXT NOT NULL DEFAULT '',
    session_id   TEXT NOT NULL DEFAULT '',
    attempts     BIGINT NOT NULL DEFAULT 0,
    next_at      BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    settled_at   BIGINT,
    outcome      TEXT NOT NULL DEFAULT ''
);
--bun:split
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE settled_at IS NULL;
--bun:split
CREATE INDEX deliveries_session ON deliveries (session_id);
