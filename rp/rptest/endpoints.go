package rptest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

func (p *Provider) routes() {
	p.mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	p.mux.HandleFunc("GET /jwks", p.jwks)
	p.mux.HandleFunc("GET /authorize", p.authorize)
	p.mux.HandleFunc("POST /token", p.token)
	p.mux.HandleFunc("GET /userinfo", p.userinfo)
	p.mux.HandleFunc("GET /logout", p.logout)
	p.mux.HandleFunc("GET /sessions/events", p.events)
	p.mux.HandleFunc("GET /sessions/denied", p.denied)
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	doc := map[string]any{
		"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token",
		"userinfo_endpoint": p.Issuer + "/userinfo", "end_session_endpoint": p.Issuer + "/logout", "jwks_uri": p.Issuer + "/jwks",
		"session_events_endpoint": p.Issuer + "/sessions/events", "session_denylist_endpoint": p.Issuer + "/sessions/denied",
		"code_challenge_methods_supported": []string{"S256"}, "authorization_response_iss_parameter_supported": true,
	}
	if p.Tamper.Discovery != nil {
		p.Tamper.Discovery(doc)
	}
	answer(w, http.StatusOK, doc)
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var set jose.JSONWebKeySet
	for _, k := range p.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: &k.priv.PublicKey, KeyID: k.kid, Algorithm: "ES256", Use: "sig"})
	}
	answer(w, http.StatusOK, set)
}

// authorize signs the user in at once and answers with a code.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	if q.Get("response_type") != "code" || q.Get("code_challenge_method") != "S256" || q.Get("client_id") == "" {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_request"})
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := p.next("code")
	p.codes[code] = grant{
		client: q.Get("client_id"), sid: p.next("ses"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge"),
		redirect: q.Get("redirect_uri"), scope: q.Get("scope"), authTime: p.now(),
	}
	back := map[string]string{"code": code, "state": q.Get("state"), "iss": p.Issuer}
	if p.Tamper.Callback != nil {
		p.Tamper.Callback(back)
	}
	v := url.Values{}
	for name, value := range back {
		v.Set(name, value)
	}
	http.Redirect(w, r, q.Get("redirect_uri")+"?"+v.Encode(), http.StatusFound)
}

func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	client, secret, basic := r.BasicAuth()
	if !basic {
		client = r.PostFormValue("client_id")
	} else { // RFC 6749 2.3.1: both are form-encoded
		client, _ = url.QueryUnescape(client)
		secret, _ = url.QueryUnescape(secret)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Secret[client] != secret {
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	kind := r.PostFormValue("grant_type")
	if p.Tamper.TokenRefusal != nil {
		if status, code := p.Tamper.TokenRefusal(kind); status != 0 {
			answer(w, status, map[string]any{"error": code})
			return
		}
	}
	if kind == "client_credentials" {
		p.listenToken(w, r, client)
		return
	}
	g, ok := p.find(kind, r)
	if !ok || g.client != client || p.ended[g.sid] {
		answer(w, http.StatusBadRequest, map[string]any{"error": "invalid_grant"})
		return
	}
	refresh := p.next("rt")
	p.refresh[refresh] = g
	access := p.accessToken(g)
	body := map[string]any{
		"access_token": access, "token_type": "Bearer", "expires_in": int(p.TTL.Seconds()), "refresh_token": refresh,
		"id_token": p.idToken(g, access), "scope": g.scope,
	}
	if p.Tamper.TokenAnswer != nil {
		p.Tamper.TokenAnswer(kind, body)
	}
	answer(w, http.StatusOK, body)
}

// find uses up a code with its verifier, or a refresh token.
func (p *Provider) find(kind string, r *http.Request) (grant, bool) {
	switch kind {
	case "authorization_code":
		g, ok := p.codes[r.PostFormValue("code")]
		delete(p.codes, r.PostFormValue("code"))
		sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
		return g, ok && base64.RawURLEncoding.EncodeToString(sum[:]) == g.challenge && r.PostFormValue("redirect_uri") == g.redirect
	case "refresh_token":
		g, ok := p.refresh[r.PostFormValue("refresh_token")]
		delete(p.refresh, r.PostFormValue("refresh_token"))
		g.nonce = "" // OIDC Core 12.2
		return g, ok
	}
	return grant{}, false
}

func (p *Provider) userinfo(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	claims, ok := p.read(token)
	if !ok || p.ended[claims["sid"].(string)] {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		answer(w, http.StatusUnauthorized, map[string]any{"error": "invalid_token"})
		return
	}
	user := clone(p.User)
	if p.Tamper.Userinfo != nil {
		p.Tamper.Userinfo(user)
	}
	answer(w, http.StatusOK, user)
}

// logout ends the session that the hint names and sends the browser back.
func (p *Provider) logout(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p.mu.Lock()
	defer p.mu.Unlock()
	if claims, ok := p.read(q.Get("id_token_hint")); ok {
		p.ended[claims["sid"].(string)] = true
	}
	if back := q.Get("post_logout_redirect_uri"); back != "" {
		http.Redirect(w, r, back+"?"+url.Values{"state": {q.Get("state")}}.Encode(), http.StatusFound)
		return
	}
	answer(w, http.StatusOK, map[string]any{"signed_out": true})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// An error here is a client that went away.
	_ = json.NewEncoder(w).Encode(v)
}
