-- An import that was cancelled takes no more lines. What it made stays.
ALTER TABLE user_imports ADD COLUMN cancelled_at BIGINT;
