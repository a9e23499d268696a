package config

import (
	"net/netip"
	"time"
)

// Config holds every setting. The key tag is the name in the file; Env and Flag of Field derive from it. The doc tag
// is the sentence in the reference. The zero value starts nothing; Default returns the defaults.
type Config struct {
	Issuer               string         `key:"issuer" doc:"The address under which people and apps reach curfew, such as https://id.example.com. It stands in every token: changing it signs everybody out. Always https, but for a loopback host; no path, query, fragment or trailing slash."`
	Listen               string         `key:"listen" default:"127.0.0.1:8080" doc:"Address and port of the public server, plain HTTP. TLS ends at a proxy in front, which belongs in trusted_proxies."`
	MetricsListen        string         `key:"metrics_listen" default:"127.0.0.1:9464" doc:"Address and port of /metrics, which the public must not reach. \"none\" turns it off."`
	KeyEncryptionKey     Secret         `key:"key_encryption_key" doc:"32 random bytes in base64 (openssl rand -base64 32). Seals signing keys, TOTP seeds and webhook secrets in the database; without it they are lost. All replicas share it."`
	KeyEncryptionKeyFile string         `key:"key_encryption_key_file" doc:"A file that holds key_encryption_key."`
	TrustedProxies       []netip.Prefix `key:"trusted_proxies" doc:"Networks of the reverse proxies in front. Only their word about a client's address is taken."`
	TrustedProxyHeader   string         `key:"trusted_proxy_header" default:"x-forwarded-for" oneof:"x-forwarded-for forwarded" doc:"The one header in which those proxies tell it. They must set or extend it themselves."`
	ShutdownTimeout      time.Duration  `key:"shutdown_timeout" default:"20s" doc:"How long requests in flight may take when the server stops, up to 10m."`
	Locales              []string       `key:"locales" default:"en,de" doc:"Languages of the pages, the first for people who ask for none of them."`

	Database Database `key:"database" doc:"Where everything is kept."`
	Keys     Keys     `key:"keys" doc:"The keys that sign tokens."`
	Session  Session  `key:"session" doc:"How long people stay signed in."`
	Password Password `key:"password" doc:"Which passwords people may choose."`
	Signup   Signup   `key:"signup" doc:"How accounts come to be."`
	SMTP     SMTP     `key:"smtp" doc:"Where mail is handed over: verification, password reset, codes. Without it no mail is sent."`
	SMS      SMS      `key:"sms" doc:"An HTTP gateway for codes by text message, in the shape of Twilio's API. Without it none are sent."`
	Webhooks Webhooks `key:"webhooks" doc:"What is left to webhook endpoints."`
	API      API      `key:"api" doc:"The management API under /v1."`
	Branding Branding `key:"branding" doc:"What the hosted pages look like."`
	GeoIP    GeoIP    `key:"geoip" doc:"Where sessions are shown to be."`
	Outgoing Outgoing `key:"outgoing" doc:"Requests that curfew makes to addresses registered by others: back-channel logout, webhooks, key sets."`
	Log      Log      `key:"log" doc:"What is written to standard error."`
	OTel     OTel     `key:"otel" doc:"OpenTelemetry traces."`
}

// Database says where everything is kept.
type Database struct {
	URL            Secret `key:"url" doc:"postgres://user:password@host/name, or for a single machine the path of an SQLite file. PostgreSQL must be the primary: with several hosts, add target_session_attrs=read-write."`
	URLFile        string `key:"url_file" doc:"A file that holds database.url."`
	MaxConnections int    `key:"max_connections" default:"20" doc:"Connections of this process to PostgreSQL, 2 to 1000. All replicas together must stay below the server's limit."`
}

// Keys is the rotation of signing keys.
type Keys struct {
	RotateEvery  time.Duration `key:"rotate_every" default:"30d" doc:"How long a key signs, 1d to 365d. It stays published until its last token is dead."`
	PublishAhead time.Duration `key:"publish_ahead" default:"24h" doc:"How long a key is published before it signs, 10m to half of keys.rotate_every, so that apps that cache the key set know it in time."`
}

// Session is how long people stay signed in.
type Session struct {
	Absolute    time.Duration `key:"absolute" default:"30d" doc:"A session ends this long after the sign-in, whatever happens: 1m to 400d, the longest that browsers keep a cookie."`
	Idle        time.Duration `key:"idle" default:"7d" doc:"A session ends when nothing was done in it for this long: 1m to session.absolute."`
	Limit       int           `key:"limit" default:"0" doc:"Active sessions that one person may have, up to 1000. 0 is no limit."`
	LimitPolicy string        `key:"limit_policy" default:"replace_oldest" oneof:"replace_oldest refuse" doc:"What a sign-in beyond the limit does: it replaces the session that was idle longest, or is refused."`
	CrossSite   bool          `key:"cross_site" default:"false" doc:"Whether apps on other sites than the issuer may watch the session and renew silently in frames: cookies become SameSite=None. Apps on the issuer's own site can do so anyway, and people who block third-party cookies keep the others from it."`
}

// Password is which passwords people may choose.
type Password struct {
	MinLength int    `key:"min_length" default:"8" doc:"Characters a new password needs at least, 8 to 64. NIST SP 800-63B-4 3.1.1.2 asks for 15 where people have no second factor."`
	BreachURL string `key:"breach_url" doc:"A range API in the shape of Have I Been Pwned's, such as https://api.pwnedpasswords.com, that is asked whether a new password is known from a breach. It gets five digits of a hash, never the password. Empty asks nobody."`
}

// Signup is how accounts come to be.
type Signup struct {
	Enabled bool `key:"enabled" default:"true" doc:"Whether people may open accounts themselves."`
}

// SMTP is the mail server.
type SMTP struct {
	Host         string `key:"host" doc:"Name of the mail server."`
	Port         int    `key:"port" default:"587" doc:"Its port: 587 for starttls, 465 for tls."`
	Username     string `key:"username" doc:"Name to sign in with. Empty signs in to nothing."`
	Password     Secret `key:"password" doc:"The password to it."`
	PasswordFile string `key:"password_file" doc:"A file that holds smtp.password."`
	From         string `key:"from" doc:"Sender of every mail: id@example.com or Example <id@example.com>."`
	TLS          string `key:"tls" default:"starttls" oneof:"starttls tls none" doc:"How the connection is encrypted. none carries a password only to a loopback host."`
}

// SMS is the gateway for text messages.
type SMS struct {
	URL       string `key:"url" doc:"Where messages are posted, such as https://api.twilio.com/2010-04-01/Accounts/{account}/Messages.json with the account id in place of {account}."`
	Account   string `key:"account" doc:"Account id or API key: the user name of the request."`
	Token     Secret `key:"token" doc:"Its token, the password of the request."`
	TokenFile string `key:"token_file" doc:"A file that holds sms.token."`
	From      string `key:"from" doc:"Sender: a number such as +15550100 or a name the gateway knows."`
}

// Webhooks is what is left to webhook endpoints.
type Webhooks struct {
	DeliverMail bool `key:"deliver_mail" default:"false" doc:"Whether mail is left to the webhook endpoints that chose email.created, instead of being handed to smtp.host. They get codes that sign people in."`
	DeliverSMS  bool `key:"deliver_sms" default:"false" doc:"The same for text messages and sms.created, instead of sms.url."`
}

// API is the management API.
type API struct {
	RateLimit int `key:"rate_limit" default:"100" doc:"Requests that each caller may make in a second to each replica, 1 to 100000."`
	Burst     int `key:"burst" default:"200" doc:"Requests that a caller may make at once after a pause, 1 to 100000."`
}

// Branding is what the hosted pages look like.
type Branding struct {
	Name       string `key:"name" default:"curfew" doc:"The name that people know the service by, up to 60 characters."`
	Logo       string `key:"logo" doc:"A file with the logo: .svg, .png, .webp or .jpg, up to 256 KiB."`
	Stylesheet string `key:"stylesheet" doc:"A .css file that is loaded after curfew's own, up to 256 KiB."`
}

// GeoIP is where sessions are shown to be.
type GeoIP struct {
	CityFile string `key:"city_file" doc:"A file in MaxMind's format with cities or countries, such as GeoLite2-City.mmdb. Sessions and devices then show where their last address is. A new file is taken up within a minute. Empty shows addresses alone."`
}

// Outgoing is about requests to addresses registered by others.
type Outgoing struct {
	AllowPrivate []netip.Prefix `key:"allow_private" doc:"Networks that may be reached though they are not on the public internet, such as 10.20.0.0/16."`
}

// Log is what is written to standard error.
type Log struct {
	Level    string `key:"level" default:"info" oneof:"debug info warn error" doc:"The least level that is written."`
	Format   string `key:"format" default:"json" oneof:"json text" doc:"One JSON object a line, or text for people."`
	Requests string `key:"requests" default:"all" doc:"Which requests get a line: all, errors (status 500 and above), none, or a share such as 1/100, to which errors are added."`
}

// OTel is where traces go.
type OTel struct {
	Endpoint    string  `key:"endpoint" doc:"URL of an OTLP/HTTP collector, such as http://localhost:4318. Empty traces nothing and costs nothing."`
	SampleRatio float64 `key:"sample_ratio" default:"1" doc:"Share of requests that are traced, above 0 up to 1."`
}
