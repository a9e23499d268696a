package logout

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
)

// FrontChannel returns the addresses to be loaded in frames by the browser whose session has ended, one for each client that
// took part and registered one (OpenID Connect Front-Channel Logout 1.0 section 3). iss and sid always stand in them,
// required or not: a frame of another site is shown none of the application's cookies, so an application can tell from
// nothing else which session is meant.
func (d *Door) FrontChannel(ctx context.Context, issuer string, s *storage.Session) (frames []string, err error) {
	clientIDs, err := d.store.SessionClients(ctx, s.UserID, s.ID)
	if err != nil {
		return nil, err
	}
	for _, clientID := range clientIDs {
		c, err := d.clients.Get(ctx, clientID)
		if errors.Is(err, client.ErrUnknown) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if c.FrontchannelLogoutURI == "" {
			continue
		}
		sep := "?"
		if strings.Contains(c.FrontchannelLogoutURI, "?") {
			sep = "&"
		}
		frames = append(frames, c.FrontchannelLogoutURI+sep+url.Values{"iss": {issuer}, "sid": {s.ID}}.Encode())
	}
	return frames, nil
}
