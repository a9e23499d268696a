package rp

import (
	"net/http"
	"net/url"
)

// frontChannelLogout is loaded in a frame of the provider's page when a session has ended (Front-Channel Logout 1.0, 3).
// A frame of another site is shown none of our cookies, so iss and sid decide alone: a sid cannot be guessed, and one that is
// not known here changes nothing. Without them nothing can be told, and a page of anybody's must not sign people out.
func (a *App) frontChannelLogout(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Del("X-Frame-Options") // middleware may have set it; it knows no single origin to allow
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors "+originOf(a.provider.meta.Issuer))
	q, err := url.ParseQuery(r.URL.RawQuery)
	iss, sid := q["iss"], q["sid"]
	if err != nil || len(iss) != 1 || len(sid) != 1 || iss[0] != a.provider.meta.Issuer || sid[0] == "" || len(sid[0]) > maxReturn {
		answerFrame(w, http.StatusBadRequest, "Not a sign-out of this application.")
		return
	}
	if err := a.frontChannelEnd(r, sid[0]); err != nil {
		a.cfg.Logger.ErrorContext(r.Context(), "front-channel logout failed", "sid", sid[0], "err", err)
		answerFrame(w, http.StatusInternalServerError, "The session could not be ended.")
		return
	}
	answerFrame(w, http.StatusOK, "Signed out.") // known or not: this is nobody's way to find out
}

func (a *App) frontChannelEnd(r *http.Request, sid string) error {
	n, err := a.cfg.Store.DeleteSession(r.Context(), sid)
	if err != nil || n == 0 {
		return err // what strangers make up leaves no trace
	}
	_, err = a.end(r.Context(), SessionEnd{SessionID: sid, Channel: ChannelFront})
	return err
}

func answerFrame(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	// An error here is a browser that went away. text is one of our own.
	_, _ = w.Write([]byte("<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>" + text + "</title><p>" + text + "</p></html>\n"))
}

// originOf is the origin of an address that has been checked.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "'none'"
	}
	return u.Scheme + "://" + u.Host
}
