-- The few users whose sessions may have ended by something that stands in the user's row.
CREATE INDEX users_moved ON users (id) WHERE epoch > 0 OR status <> 'active';
