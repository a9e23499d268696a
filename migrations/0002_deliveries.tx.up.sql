-- A claim is a lease: whoever claims a delivery moves next_at behind it, so that a dead holder's work falls due again.
ALTER TABLE deliveries ADD COLUMN claimed_until BIGINT;
--bun:split
-- Deliveries of one key to one receiver go one after the other; the empty key has no order.
ALTER TABLE deliveries ADD COLUMN order_key TEXT NOT NULL DEFAULT '';
--bun:split
-- After this the sender gives up.
ALTER TABLE deliveries ADD COLUMN expires_at BIGINT NOT NULL DEFAULT 0;
--bun:split
UPDATE deliveries SET expires_at = created_at + 86400000000;
--bun:split
-- The receipt: the last attempt, never what the receiver wrote.
ALTER TABLE deliveries ADD COLUMN sent_at BIGINT;
--bun:split
ALTER TABLE deliveries ADD COLUMN answered_at BIGINT;
--bun:split
ALTER TABLE deliveries ADD COLUMN duration BIGINT NOT NULL DEFAULT 0;
--bun:split
ALTER TABLE deliveries ADD COLUMN last_status BIGINT NOT NULL DEFAULT 0;
--bun:split
ALTER TABLE deliveries ADD COLUMN last_error TEXT NOT NULL DEFAULT '';
--bun:split
-- What is due is looked for receiver by receiver, so that one with a hundred thousand rows costs what one with a single
-- row does.
DROP INDEX deliveries_due;
--bun:split
CREATE INDEX deliveries_due ON deliveries (kind, receiver, next_at, id) WHERE settled_at IS NULL;
--bun:split
CREATE INDEX deliveries_order ON deliveries (kind, receiver, order_key, id) WHERE settled_at IS NULL AND order_key <> '';
--bun:split
CREATE INDEX deliveries_claimed ON deliveries (kind, receiver) WHERE claimed_until IS NOT NULL;
--bun:split
CREATE INDEX deliveries_expiry ON deliveries (expires_at) WHERE settled_at IS NULL;
--bun:split
-- Receivers that fail at present: nothing is sent to one before blocked_until, then one delivery as a trial. A receiver
-- that answers has no row.
CREATE TABLE delivery_receivers (
    kind          TEXT NOT NULL,
    receiver      TEXT NOT NULL,
    failures      BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    PRIMARY KEY (kind, receiver)
);
