package op

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/token"
	"github.com/curfew-id/curfew/storage"
)

// fieldDecision carries the person's word from the page that asks for it.
const (
	fieldDecision   = "decision"
	decisionSignOut = "sign_out"
	decisionStay    = "stay"
	pathAccount     = "/account"
)

// endSession is the end of a session on the word of a relying party (OpenID Connect RP-Initiated Logout 1.0).
//
// An ID token of the very session is proof that the relying party speaks for the person. Without one, or with one of
// another session, the person is asked first (section 2: otherwise any page could sign them out), and the answer counts
// only from our own page.
func (p *Provider) endSession(w http.ResponseWriter, r *http.Request) {
	httpx.NoStore(w.Header())
	q, err := httpx.ReadQueryOrForm(r)
	if err != nil {
		p.badRequestPage(w, r, err)
		return
	}
	req, description, err := p.readEndSession(r, q)
	if err != nil {
		p.failPage(w, r, err)
		return
	}
	if description != "" { // section 4: no redirect to an address that is not the client's
		p.Pages.Error(w, r, http.StatusBadRequest, "invalid_request", description)
		return
	}
	current, err := p.Sessions.Current(r)
	if errors.Is(err, session.ErrNone) {
		p.endWithoutCookie(w, r, req, q)
		return
	}
	if err != nil {
		p.failPage(w, r, err)
		return
	}
	sameSession := req.hint != nil && req.hint.SessionID == current.ID
	decision := ""
	if r.Method == http.MethodPost && sameOrigin.Check(r) == nil {
		decision = q.Get(fieldDecision)
	}
	if decision == decisionStay { // section 2: the person may say no; there is nothing to tell the client
		http.Redirect(w, r, pathAccount, http.StatusSeeOther)
		return
	}
	confirmed := decision == decisionSignOut
	if !sameSession && !confirmed {
		p.Pages.SignOutConfirm(w, r, SignOut{Client: req.client, Current: current, Action: pathEndSession,
			Fields: req.fields(), UILocales: req.locales})
		return
	}
	if _, err := p.Door.End(r.Context(), p.Store, current.Session,
		logout.Cause{Status: storage.StatusEnded, Reason: logout.SignedOut, By: current.By()}); err != nil {
		p.failPage(w, r, err)
		return
	}
	if err := p.Sessions.Leave(w, r, current); err != nil {
		p.failPage(w, r, err)
		return
	}
	p.signedOut(w, r, req, current.Session)
}

// endWithoutCookie is for a browser that shows no session: it has none, or it was sent here by a form of the relying
// party's, with which a browser shows no SameSite=Lax cookies. Then it is sent here once more, by GET, and shows them. An
// ID token is as good without the cookie as with it, also from a relying party's server.
//
// The cookie is not cleared where it was not shown: otherwise any page could take it away with a form of its own.
func (p *Provider) endWithoutCookie(w http.ResponseWriter, r *http.Request, req endSessionRequest, q *httpx.Params) {
	switch {
	case req.hint != nil:
		named, _, err := p.Store.LiveSession(r.Context(), req.hint.Subject, req.hint.SessionID, p.Clock.Now())
		if err == nil {
			_, err = p.Door.End(r.Context(), p.Store, named,
				logout.Cause{Status: storage.StatusEnded, Reason: logout.SignedOut, By: (&session.Current{Session: named}).By()})
		}
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			p.failPage(w, r, err)
			return
		}
	case r.Method == http.MethodPost && sameOrigin.Check(r) != nil:
		http.Redirect(w, r, pathEndSession+"?"+q.Values().Encode(), http.StatusSeeOther)
		return
	}
	var over *storage.Session // the browser may show one that is over, and has its apps to tell then
	if v, err := p.Sessions.Ended(r); err != nil {
		p.failPage(w, r, err)
		return
	} else if v != nil {
		over = &v.Session
	}
	p.Sessions.ClearShown(w, r)
	p.signedOut(w, r, req, over)
}

var sameOrigin = http.NewCrossOriginProtection()

// endSessionRequest is what a relying party asked for, checked.
type endSessionRequest struct {
	hint    *token.HintClaims
	client  *client.Client
	uri     string
	state   string
	rawHint string
	locales []string
}

// readEndSession returns in description what is wrong with the request, in words for the person.
func (p *Provider) readEndSession(r *http.Request, q *httpx.Params) (req endSessionRequest, description string, err error) {
	req.rawHint, req.uri, req.state = q.Get("id_token_hint"), q.Get("post_logout_redirect_uri"), q.Get("state")
	req.locales = strings.Fields(q.Get("ui_locales"))
	clientID := q.Get("client_id")
	if req.rawHint != "" {
		req.hint, err = p.Tokens.ReadHint(r.Context(), req.rawHint)
		if err != nil {
			return req, "The application that sent you here did not say correctly who it is.", nil
		}
		if clientID != "" && clientID != req.hint.Audience { // section 2
			return req, "The application that sent you here contradicts itself.", nil
		}
		clientID = req.hint.Audience
	}
	if clientID != "" {
		req.client, err = p.Clients.Get(r.Context(), clientID)
		if errors.Is(err, client.ErrUnknown) {
			return req, "The application that sent you here is not registered.", nil
		}
		if err != nil {
			return req, "", err
		}
	}
	if req.uri != "" && (req.client == nil || !req.client.MatchPostLogout(req.uri)) {
		return req, "The application that sent you here asked to get you back at an address that it has not registered.", nil
	}
	return req, "", nil
}

// fields are sent along with the person's word, in the page's hidden fields.
func (req endSessionRequest) fields() map[string]string {
	f := map[string]string{}
	for name, v := range map[string]string{"id_token_hint": req.rawHint, "post_logout_redirect_uri": req.uri, "state": req.state} {
		if v != "" {
			f[name] = v
		}
	}
	if req.client != nil {
		f["client_id"] = req.client.ID
	}
	return f
}

// signedOut tells the person, and the applications that took part in the session by the browser that shows it. ended is nil
// where the browser had no session: then it has nothing to tell anybody.
func (p *Provider) signedOut(w http.ResponseWriter, r *http.Request, req endSessionRequest, ended *storage.Session) {
	done := SignedOut{Client: req.client, ContinueURL: req.uri, UILocales: req.locales}
	if req.uri != "" && req.state != "" {
		done.ContinueURL = withQuery(req.uri, "state", req.state)
	}
	if ended != nil {
		var err error
		if done.Frames, err = p.Door.FrontChannel(r.Context(), p.Issuer, ended); err != nil {
			p.failPage(w, r, err)
			return
		}
	}
	if done.ContinueURL != "" && len(done.Frames) == 0 && r.Method == http.MethodGet {
		http.Redirect(w, r, done.ContinueURL, http.StatusSeeOther)
		return
	}
	p.Pages.SignedOut(w, r, done)
}

func withQuery(uri, name, value string) string {
	sep := "?"
	if strings.Contains(uri, "?") {
		sep = "&"
	}
	return uri + sep + url.Values{name: {value}}.Encode()
}
