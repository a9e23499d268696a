package impersonate

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// keepSeconds is how long a ticket waits for its actor to sign in.
const keepSeconds = 15 * 60

func (h *Handlers) cookie(value string, seconds int) *http.Cookie {
	name := "curfew_ticket"
	if h.secure {
		name = "__Host-" + name // RFC 6265bis 4.1.3.2
	}
	return &http.Cookie{Name: name, Value: value, Path: "/", MaxAge: seconds, Secure: h.secure, HttpOnly: true,
		SameSite: http.SameSiteLaxMode}
}

func (h *Handlers) keep(w http.ResponseWriter, ticket string) {
	http.SetCookie(w, h.cookie(ticket, keepSeconds))
}

func (h *Handlers) forget(w http.ResponseWriter) { http.SetCookie(w, h.cookie("", -1)) }

// kept is the ticket that this browser came with, "" for none.
func (h *Handlers) kept(r *http.Request) string {
	list := r.CookiesNamed(h.cookie("", 0).Name)
	if len(list) != 1 {
		return ""
	}
	return list[0].Value
}

// hint is the address that the actor signs in with. Whoever has the ticket was sent it; nobody else learns anything.
func (h *Handlers) hint(ctx context.Context, ticket string) (string, error) {
	tokenID, key, _ := strings.Cut(ticket, ".")
	t, err := h.Store.ActorToken(ctx, tokenID)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil
	}
	if err != nil || !secret.Equal(secret.Hash(key), t.SecretHash) {
		return "", err
	}
	who, err := h.who(ctx, t.ActorSub)
	return who.Email, err
}
