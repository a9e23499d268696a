package rp

import (
	"context"
	"net/url"
	"sync"
	"time"
)

// scopeListen lets a client's own token hear which sessions end.
const scopeListen = "sessions:listen"

// listenToken is the access token that a follower comes with (RFC 6749 4.4). Its age is measured on this machine from before
// it was asked for.
type listenToken struct {
	provider         *provider
	clientID, secret string

	mu      sync.Mutex
	raw     string
	renewAt time.Time
}

// get returns a token and from when on another one is due: at three quarters of its life, so that it never dies in use.
func (t *listenToken) get(ctx context.Context) (raw string, renewAt time.Time, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.raw != "" && time.Now().Before(t.renewAt) {
		return t.raw, t.renewAt, nil
	}
	asked := time.Now()
	answer, err := t.provider.tokenRequest(ctx, t.clientID, t.secret, url.Values{
		"grant_type": {"client_credentials"}, "scope": {scopeListen},
	})
	if err != nil {
		return "", time.Time{}, err
	}
	t.raw = answer.AccessToken
	t.renewAt = asked.Add(time.Duration(answer.ExpiresIn) * time.Second * 3 / 4)
	return t.raw, t.renewAt, nil
}

// refused forgets a token that the provider does not take any more.
func (t *listenToken) refused(raw string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.raw == raw {
		t.raw = ""
	}
}
