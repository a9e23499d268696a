package demo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/curfew-id/curfew/rp"
)

// whoami is the API: it believes an access token without asking anybody (RFC 9068).
func (d *demo) whoami(w http.ResponseWriter, r *http.Request) {
	id, _ := rp.FromContext(r.Context())
	answer := map[string]any{
		"subject": id.Subject, "session": id.SessionID, "client": id.ClientID, "scopes": id.Scopes,
		"seconds_left": int(max(0, id.ExpiresAt.Sub(d.now())).Seconds()),
	}
	if id.Actor != nil {
		answer["actor"] = id.Actor.Subject
	}
	writeJSON(w, http.StatusOK, answer)
}

// result is what a call gave, for the page.
type result struct {
	What   string `json:"what"` // the request line
	Status int    `json:"status"`
	Body   string `json:"body"`
	Took   string `json:"took"`
}

// OK reports whether the call went through.
func (r result) OK() bool { return r.Status == http.StatusOK }

// call uses the session's access token: at the demo's own API, which checks it offline, or at the
// provider's userinfo, which looks at the session. End the session elsewhere and see the two differ.
func (d *demo) call(w http.ResponseWriter, r *http.Request) {
	id, _ := rp.FromContext(r.Context())
	began := d.now()
	var res result
	if r.PostFormValue("what") == "userinfo" {
		res = d.callUserinfo(r, id)
	} else {
		res = d.callAPI(r, id)
	}
	res.Took = "under 1 ms"
	if ms := d.now().Sub(began).Milliseconds(); ms > 0 {
		res.Took = fmt.Sprintf("%d ms", ms)
	}
	if wantsJSON(r) {
		writeJSON(w, http.StatusOK, res)
		return
	}
	d.signedIn(w, r, http.StatusOK, id, &res)
}

func (d *demo) callAPI(r *http.Request, id *rp.Identity) result {
	res := result{What: "GET /api/whoami", Status: http.StatusBadGateway, Body: "The API did not answer."}
	req, err := http.NewRequestWithContext(r.Context(), http.MethodGet, d.cfg.APIURL+"/api/whoami", nil)
	if err != nil {
		return res
	}
	req.Header.Set("Authorization", "Bearer "+id.AccessToken)
	answer, err := d.do.Do(req)
	if err != nil {
		return res
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return res
	}
	res.Status, res.Body = answer.StatusCode, pretty(body)
	if challenge := answer.Header.Get("WWW-Authenticate"); challenge != "" {
		res.Body = "WWW-Authenticate: " + challenge
	}
	return res
}

func (d *demo) callUserinfo(r *http.Request, id *rp.Identity) result {
	res := result{What: "GET userinfo", Status: http.StatusOK}
	claims, err := d.app.Userinfo(r.Context(), id)
	switch {
	case errors.Is(err, rp.ErrNoSession):
		res.Status, res.Body = http.StatusUnauthorized, "The session has ended."
	case err != nil:
		res.Status, res.Body = http.StatusBadGateway, "The provider did not answer."
	default:
		b, err := json.Marshal(claims)
		if err == nil {
			res.Body = pretty(b)
		}
	}
	return res
}

func pretty(body []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, bytes.TrimSpace(body), "", "  ") != nil {
		return string(body)
	}
	return b.String()
}
