package client

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/curfew-id/curfew/storage"
)

// origins is what browsers may do with us from where, over all clients.
type origins struct {
	call   map[string]bool // read answers of the endpoints for browser apps
	frame  []string        // frame the page that watches the session, sorted
	mark   storage.ClientsMark
	readAt time.Time
}

// AllowedOrigin tells whether some client may call from this browser origin. One that was taken away may do so for five seconds
// more; one that was registered a moment ago, wherever, may at once.
func (r *Registry) AllowedOrigin(ctx context.Context, origin string) bool {
	o, err := r.allOrigins(ctx, 5*time.Second)
	if err == nil && !o.call[origin] {
		o, err = r.allOrigins(ctx, 0)
	}
	return err == nil && o.call[origin]
}

// FramingOrigins are those of every client's redirect URIs, sorted: a response goes to one of them, so the session_state in
// it is made for one of them (OpenID Connect Session Management 1.0 section 3).
func (r *Registry) FramingOrigins(ctx context.Context) ([]string, error) {
	o, err := r.allOrigins(ctx, 0)
	if err != nil {
		return nil, err
	}
	return o.frame, nil
}

// allOrigins returns what was read at most so long ago, or is as it was. Clients are read only where one has changed: anybody can
// ask for an origin that nobody has.
func (r *Registry) allOrigins(ctx context.Context, age time.Duration) (*origins, error) {
	now := r.clock.Now()
	r.mu.RLock()
	known := r.origins
	r.mu.RUnlock()
	if known != nil && now.Sub(known.readAt) < age {
		return known, nil
	}
	mark, err := r.store.ClientsMark(ctx) // before they are read: what changes meanwhile is read the next time
	if err != nil {
		return nil, err
	}
	if known != nil && known.mark == mark {
		same := *known
		same.readAt = now
		r.keepOrigins(&same)
		return &same, nil
	}
	found := &origins{call: map[string]bool{}, mark: mark, readAt: now}
	for after := ""; ; {
		rows, err := r.store.Clients(ctx, after, 500)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			after = row.ID
			c, err := fromRow(row)
			if err != nil {
				continue
			}
			for _, o := range c.Origins() {
				found.call[o] = true
			}
			for _, uri := range c.RedirectURIs {
				if o := WebOrigin(uri); o != "" {
					found.frame = append(found.frame, o)
				}
			}
		}
		if len(rows) < 500 {
			break
		}
	}
	slices.Sort(found.frame)
	found.frame = slices.Compact(found.frame)
	r.keepOrigins(found)
	return found, nil
}

func (r *Registry) keepOrigins(o *origins) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.origins = o
}

// WebOrigin is the origin of an http or https URI as browsers write it (RFC 6454 6.2): in lower case, without the scheme's own
// port. It is empty for other schemes and for hosts that a Content-Security-Policy cannot name.
func WebOrigin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if host == "" || strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-._") != "" {
		return ""
	}
	if port == "" || u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		return u.Scheme + "://" + host
	}
	return u.Scheme + "://" + host + ":" + port
}
