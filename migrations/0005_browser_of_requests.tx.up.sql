-- A browser gets another cookie when somebody signs in; the requests that it has under way go with it.
CREATE INDEX auth_requests_browser ON auth_requests (browser_hash);
