-- How many browser sessions a user may have at a time; 0 follows the configuration.
ALTER TABLE users ADD COLUMN session_limit BIGINT NOT NULL DEFAULT 0;
