-- Until when a receiver asked to be left alone (RFC 9110 10.2.3): answers to what was under way already do not lift that.
ALTER TABLE delivery_receivers ADD COLUMN asked_until BIGINT NOT NULL DEFAULT 0;
