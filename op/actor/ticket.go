package actor

import (
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/internal/id"
)

// A ticket is an actor token's id and its secret: act_<26>.<43>.
func ticketOf(tokenID, secret string) string { return tokenID + "." + secret }

func parseTicket(ticket string) (tokenID, secret string, ok bool) {
	tokenID, secret, ok = strings.Cut(ticket, ".")
	if _, err := id.Bytes(id.ActorToken, tokenID); err != nil || !ok || len(secret) > 100 {
		return "", "", false
	}
	return tokenID, secret, true
}

// URL is where a ticket is opened.
func (a *Actors) URL(ticket string) string {
	return a.Issuer + Path + "?" + url.Values{Param: {ticket}}.Encode()
}
