package rp

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxDenyList is what a hundred thousand ends in 90 seconds take.
const maxDenyList = 8 << 20

// poll reads the deny list twice a second. Reading one twice changes nothing, and one that comes too late names less: nothing
// that is not signed makes a token good again.
func (f *follower) poll(ctx context.Context) error {
	etag, failures := "", 0
	for ctx.Err() == nil {
		reading, stop := context.WithTimeout(ctx, f.pace.open)
		next, err := f.readDenyList(reading, etag)
		stop()
		if err != nil {
			f.failed(ctx, failures, 0, err)
			failures++
			continue
		}
		etag, failures = next, 0
		f.works(ctx)
		sleep(ctx, f.pace.poll*9/10+rand.N(f.pace.poll/5+1))
	}
	return ctx.Err()
}

// readDenyList fetches the list unless it is the one that etag stands for, and passes on what is new in it.
func (f *follower) readDenyList(ctx context.Context, etag string) (string, error) {
	token, _, err := f.token.get(ctx)
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.provider.meta.SessionDenyListEndpoint, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/denylist+jwt")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	res, err := f.provider.do.Do(req)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified && etag != "":
		return etag, nil
	case res.StatusCode != http.StatusOK:
		if res.StatusCode == http.StatusUnauthorized {
			f.token.refused(token)
		}
		return "", fmt.Errorf("deny list: %w", &busyError{res.StatusCode, retryAfter(res.Header)})
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDenyList+1))
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	ends, err := f.provider.verifyDenyList(ctx, string(body), f.clientID)
	if err != nil {
		return "", fmt.Errorf("deny list: %w", err)
	}
	for _, e := range ends {
		if !f.known(e) { // each is listed for 90 seconds
			f.heard(ctx, e)
		}
	}
	return res.Header.Get("Etag"), nil
}

// verifyDenyList checks a list and returns what it says. It must be fresh and made for this client: a list without the
// sessions of another scope would look as if nothing had happened.
func (p *provider) verifyDenyList(ctx context.Context, raw, clientID string) ([]SessionEnd, error) {
	if len(raw) > maxDenyList {
		return nil, invalid("longer than %d bytes", maxDenyList)
	}
	claims, alg, err := p.verifyOfAnyLength(ctx, raw, "denylist+jwt")
	if err != nil {
		return nil, err
	}
	if alg != jose.ES256 {
		return nil, invalid("alg %s", alg)
	}
	if err := p.checkOrigin(claims, []string{clientID}); err != nil {
		return nil, err
	}
	if _, err := p.checkTimes(claims); err != nil {
		return nil, err
	}
	ends, err := listedSessions(claims)
	if err != nil {
		return nil, err
	}
	subjects, err := listedEpochs(claims, "subs")
	if err != nil {
		return nil, err
	}
	for sub, at := range subjects {
		ends = append(ends, SessionEnd{Subject: sub, EndedAt: at, Channel: ChannelDenyList})
	}
	clients, err := listedEpochs(claims, "clients")
	if err != nil {
		return nil, err
	}
	for id, at := range clients {
		ends = append(ends, SessionEnd{ClientID: id, EndedAt: at, Channel: ChannelDenyList})
	}
	if v := claims["all"]; v != nil {
		at, ok := claims.Time("all")
		if !ok {
			return nil, invalid("all")
		}
		if at.Unix() > 0 {
			ends = append(ends, SessionEnd{EndedAt: at, Channel: ChannelDenyList})
		}
	}
	return ends, nil
}

func listedSessions(claims Claims) ([]SessionEnd, error) {
	list, ok := claims["sids"].([]any)
	if !ok {
		return nil, invalid("no sids")
	}
	ends := make([]SessionEnd, 0, len(list))
	for _, v := range list {
		sid, ok := v.(string)
		if !ok || sid == "" {
			return nil, invalid("sids")
		}
		ends = append(ends, SessionEnd{SessionID: sid, Channel: ChannelDenyList})
	}
	return ends, nil
}

// listedEpochs reads a member that says, by name, until when issued tokens are to be refused. It may be missing.
func listedEpochs(claims Claims, member string) (map[string]time.Time, error) {
	if claims[member] == nil {
		return nil, nil
	}
	listed, ok := claims[member].(map[string]any)
	if !ok {
		return nil, invalid("%s", member)
	}
	epochs := make(map[string]time.Time, len(listed))
	for name := range listed {
		at, ok := Claims(listed).Time(name)
		if !ok || name == "" {
			return nil, invalid("%s", member)
		}
		epochs[name] = at
	}
	return epochs, nil
}
