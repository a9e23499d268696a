package admin

import (
	"errors"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

// app returns an application's name and where its page is; of one that was deleted only the id is left.
func (h *Handlers) app(v *visit, clientID string) (name, url string, err error) {
	c, err := h.Clients.Get(v.r.Context(), clientID)
	if errors.Is(err, client.ErrUnknown) {
		return clientID, "", nil
	}
	if err != nil {
		return "", "", err
	}
	if v.may(ApplicationsRead) {
		url = appURL(c.ID)
	}
	return c.Name(), url, nil
}

// told says by what an application learns of an end.
func told(c *client.Client) logout.Channel {
	switch {
	case c.BackchannelLogoutURI != "":
		return logout.ByBackChannel
	case c.FrontchannelLogoutURI != "":
		return logout.ByFrontChannel
	}
	return logout.ByNone
}

// actors are those who act as somebody else in sessions.
func actors(views []*storage.SessionView) (ids []string) {
	for _, s := range views {
		if s.ActorSub != "" {
			ids = append(ids, s.ActorSub)
		}
	}
	return ids
}
