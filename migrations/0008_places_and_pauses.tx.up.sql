-- Where the last address of a browser is: the city in English, the country as ISO 3166-1 alpha-2; '' where nobody knows.
ALTER TABLE sessions ADD COLUMN city TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE sessions ADD COLUMN country TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE devices ADD COLUMN city TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE devices ADD COLUMN country TEXT NOT NULL DEFAULT '';
--bun:split
-- The longest time for which nobody used a session since the person last proved who they are, in microseconds. A client with
-- an idle timeout of its own looks at it: what it missed must not be made good by the use of another client.
ALTER TABLE sessions ADD COLUMN longest_pause BIGINT NOT NULL DEFAULT 0;
