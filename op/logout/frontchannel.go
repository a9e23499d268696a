package logout

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
)

// KindFrontChannel is the kind of receipt that stays of an address that was loaded in a frame.
const KindFrontChannel = "frontchannel_logout"

// Shown is the outcome of such a receipt: the page with the frame was sent to the browser. Whether the application took
// it cannot be told (OpenID Connect Front-Channel Logout 1.0 has no answer).
const Shown = "shown"

// FrontChannel returns the addresses to be loaded in frames by the browser whose session has ended, one for each client that
// took part and registered one (OpenID Connect Front-Channel Logout 1.0 section 3), and records that they were. Each is
// returned once: neither a page that is loaded again nor another tab tells an application what it has been told. iss and sid
// always stand in them, required or not: a frame of another site is shown none of the application's cookies, so an
// application can tell from nothing else which session is meant.
func (d *Door) FrontChannel(ctx context.Context, issuer string, s *storage.Session) (frames []string, err error) {
	clientIDs, err := d.store.SessionClients(ctx, s.UserID, s.ID)
	if err != nil {
		return nil, err
	}
	now, address := storage.At(d.clock.Now()), map[string]string{}
	over := s.EndedAt
	if !over.Set() {
		over = now
	}
	var list []*storage.Delivery
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
		address[clientID] = c.FrontchannelLogoutURI + sep + url.Values{"iss": {issuer}, "sid": {s.ID}}.Encode()
		list = append(list, &storage.Delivery{ID: receiptID(s.ID, clientID, ""), Kind: KindFrontChannel, Receiver: clientID, UserID: s.UserID,
			SessionID: s.ID, Attempts: 1, NextAt: now, CreatedAt: over, ExpiresAt: now, SentAt: now, SettledAt: now, Outcome: Shown})
	}
	if len(list) == 0 {
		return nil, nil
	}
	first, err := d.store.SettleOnce(ctx, list)
	for _, r := range first {
		frames = append(frames, address[r.Receiver])
	}
	return frames, err
}
