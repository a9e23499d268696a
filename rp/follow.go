package rp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Following is a way to hear of ended sessions without being called.
type Following int

const (
	// Push is the provider's stream of server-sent events: one connection, and an end is known in milliseconds.
	Push Following = iota
	// DenyList is the provider's signed list of what ended in the last 90 seconds, fetched twice a second.
	DenyList
)

// FollowConfig says how a Verifier hears of ended sessions.
type FollowConfig struct {
	How Following
	// ClientID and ClientSecret are of a confidential client that may use the grant client_credentials with the scope
	// sessions:listen. It hears of the sessions that it took part in; a resource server of its own wants one that may
	// introspect everybody's tokens (scope tokens:introspect), which hears of all.
	ClientID, ClientSecret string
	// Logger is as in Config.
	Logger *slog.Logger
}

// Follow drops the web sessions of everything that ends at the provider, as it does, until ctx is over; its error is then
// that of ctx. It connects and connects again by itself. An error before that means that it can never work: a client without
// a secret, or a provider without such a feed. The client needs the grant client_credentials and the scope sessions:listen.
//
// While the feed cannot be reached, sessions still end within their token's life, a minute.
func (a *App) Follow(ctx context.Context, how Following) error {
	f, err := newFollower(a.provider, FollowConfig{How: how, ClientID: a.cfg.ClientID, ClientSecret: a.cfg.ClientSecret, Logger: a.cfg.Logger})
	if err != nil {
		return err
	}
	f.known = a.ended.has
	f.heard = func(ctx context.Context, e SessionEnd) {
		if e.ClientID != "" && e.ClientID != a.cfg.ClientID {
			return
		}
		if _, err := a.end(ctx, e); err != nil {
			// It is remembered as ended all the same, and refused at its next use.
			f.log.WarnContext(ctx, "web sessions not deleted", "sid", e.SessionID, "sub", e.Subject, "err", err)
		}
	}
	f.missed = a.doubt
	return f.run(ctx)
}

// Follow has Verify refuse the tokens of sessions that end at the provider, at once instead of when they expire. It blocks,
// connects again and gives up as App.Follow does. A provider that cannot say any more what was missed changes nothing here:
// those tokens die by their exp.
func (v *Verifier) Follow(ctx context.Context, cfg FollowConfig) error {
	f, err := newFollower(v.provider, cfg)
	if err != nil {
		return err
	}
	f.known = v.ended.has
	f.heard = func(_ context.Context, e SessionEnd) { v.ended.add(e) }
	f.missed = func() {}
	return f.run(ctx)
}

// follower is one run of Follow.
type follower struct {
	provider *provider
	how      Following
	clientID string
	token    *listenToken
	log      *slog.Logger
	pace     pace

	known  func(SessionEnd) bool // told already, by whatever channel
	heard  func(context.Context, SessionEnd)
	missed func() // something may have ended that will not be told any more

	failing bool // so that an outage is one line in the log
}

// pace is what a follower waits for. It is measured on this machine, whatever clock tells the time of tokens.
type pace struct {
	poll    time.Duration // between two readings of the deny list
	silence time.Duration // after which a stream is dead
	open    time.Duration // for an answer to begin
	first   time.Duration // at most, before the first attempt to connect again
	longest time.Duration // between two attempts
}

// A stream has a heartbeat each 15 s: after 40 s two of them are missing.
var usualPace = pace{poll: 500 * time.Millisecond, silence: 40 * time.Second, open: 10 * time.Second, first: time.Second, longest: 15 * time.Second}

func newFollower(p *provider, cfg FollowConfig) (*follower, error) {
	endpoint := p.meta.SessionEventsEndpoint
	switch {
	case cfg.How != Push && cfg.How != DenyList:
		return nil, fmt.Errorf("rp: follow: no such way %d", cfg.How)
	case cfg.How == DenyList:
		endpoint = p.meta.SessionDenyListEndpoint
	}
	if endpoint == "" || p.meta.TokenEndpoint == "" {
		return nil, fmt.Errorf("rp: follow: %s does not tell which sessions end", p.meta.Issuer)
	}
	if cfg.ClientID == "" || cfg.ClientSecret == "" {
		return nil, errors.New("rp: follow: a client with a secret is needed")
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	return &follower{
		provider: p, how: cfg.How, clientID: cfg.ClientID, log: cfg.Logger, pace: usualPace,
		token: &listenToken{provider: p, clientID: cfg.ClientID, secret: cfg.ClientSecret},
	}, nil
}

func (f *follower) run(ctx context.Context) error {
	if f.how == DenyList {
		return f.poll(ctx)
	}
	return f.listen(ctx)
}

// failed notes the n-th failure in a row and waits, longer each time and never as long as others do: all the listeners of a
// provider that comes back must not come at once. wish is what the provider asked for (HTML 9.2, retry).
func (f *follower) failed(ctx context.Context, n int, wish time.Duration, err error) {
	if ctx.Err() != nil {
		return
	}
	if !f.failing {
		f.failing = true
		f.log.WarnContext(ctx, "ended sessions are not heard of", "issuer", f.provider.meta.Issuer, "err", err)
	}
	wait := min(max(f.pace.first, wish), f.pace.longest)
	wait = min(wait<<min(n, 10), f.pace.longest)
	wait = wait/2 + rand.N(wait/2+1)
	var busy *busyError
	if errors.As(err, &busy) {
		wait = max(wait, min(busy.after, time.Minute))
	}
	sleep(ctx, wait)
}

// works notes that the feed is read.
func (f *follower) works(ctx context.Context) {
	if f.failing {
		f.failing = false
		f.log.InfoContext(ctx, "ended sessions are heard of again", "issuer", f.provider.meta.Issuer)
	}
}

// busyError is a refusal that says when to come again.
type busyError struct {
	status int
	after  time.Duration
}

func (e *busyError) Error() string { return fmt.Sprintf("status %d", e.status) }

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
