package logout

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// BackChannel tells relying parties that a session has ended: OpenID Connect Back-Channel Logout 1.0.
type BackChannel struct {
	store   *storage.Store
	clients *client.Registry
	tokens  *token.Tokens
	doer    httpx.Doer
	clock   clock.Clock
}

// NewBackChannel returns a BackChannel. The doer must not follow redirects: a logout token goes to the registered address
// and nowhere else.
func NewBackChannel(store *storage.Store, clients *client.Registry, tokens *token.Tokens, doer httpx.Doer, clk clock.Clock) *BackChannel {
	return &BackChannel{store: store, clients: clients, tokens: tokens, doer: doer, clock: clk}
}

// Send makes one attempt to tell one relying party; it is the delivery.Sender of KindBackChannel.
//
// What was registered counts as it is now, not as it was when the session ended: an app that moved is told where it is,
// one that is gone is owed nothing. The token is made anew each time, with a jti of its own. The receiver may refuse a jti
// that it has seen (2.6), and if only its answer was lost, refusing the repetition would look like a failure; to be
// told twice does no harm (2.7).
//
// Only 2xx is success (2.8 has 200 and allows for 204). What is tried again must be recoverable (2.5). 400 says that the
// request is invalid or that the logout failed (2.8): a failure may pass, and a fresh token or keys that the receiver reads
// anew may mend even an invalid request, so it is tried for an hour, not for a day. Other statuses are not the receiver's
// word on the logout at all.
func (b *BackChannel) Send(ctx context.Context, d *storage.Delivery) (status int, err error) {
	c, err := b.clients.Get(ctx, d.Receiver)
	if errors.Is(err, client.ErrUnknown) || err == nil && c.BackchannelLogoutURI == "" {
		return 0, delivery.ErrGone
	}
	if err != nil {
		return 0, fmt.Errorf("read client: %w", err)
	}
	reason := ""
	s, err := b.store.Session(ctx, d.SessionID)
	switch {
	case err == nil:
		reason = s.EndReason
	case !errors.Is(err, storage.ErrNotFound): // deleted with its user, say: the end is told all the same
		return 0, fmt.Errorf("read session: %w", err)
	}
	signed, err := b.tokens.Logout(ctx, nil, token.Logout{Subject: d.UserID, SessionID: d.SessionID, ClientID: c.ID,
		JTI: fmt.Sprintf("%s.%d", d.ID, d.Attempts), Alg: c.SigningAlg(), Reason: reason}, b.clock.Now())
	if err != nil {
		return 0, fmt.Errorf("make logout token: %w", err)
	}
	form := url.Values{"logout_token": {string(signed)}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.BackchannelLogoutURI, strings.NewReader(form))
	if err != nil {
		return 0, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded") // 2.5
	return delivery.Exchange(b.doer, req)
}
