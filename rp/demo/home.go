package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/curfew-id/curfew/rp"
)

var (
	welcomePage = page("welcome.html")
	homePage    = page("home.html")
)

type welcomeData struct {
	shell
	Dial      dial
	SignedOut bool
	Farewell  string // how the session that this browser had ended
}

type homeData struct {
	shell
	Dial                    dial
	Name, Email, Initial    string
	Subject, SessionID      string
	IssuedAt, ExpiresAt     string
	SignedInAt, How, Scopes string
	Claims                  []claim
	Result                  *result
}

// claim is a row of the table.
type claim struct{ Name, Value, Note string }

// home is the page of strangers and of signed-in users.
func (d *demo) home(w http.ResponseWriter, r *http.Request) {
	id, ok := rp.FromContext(r.Context())
	if !ok {
		s := d.shell("A demo of curfew", "home")
		s.PageClass = "welcome"
		data := welcomeData{shell: s, Dial: dial{Ticks: ticks(44)}, SignedOut: d.app.SignedOut(w, r), Farewell: d.farewell(w, r)}
		d.render(w, http.StatusOK, welcomePage, data)
		return
	}
	d.remember(w, id.SessionID)
	d.signedIn(w, r, http.StatusOK, id, nil)
}

func (d *demo) signedIn(w http.ResponseWriter, r *http.Request, status int, id *rp.Identity, res *result) {
	data := homeData{
		shell: d.shell("Signed in", "home"), Dial: newDial(id, d.now()), Name: id.Claims.String("name"),
		Email: id.Claims.String("email"), Subject: id.Subject, SessionID: id.SessionID,
		IssuedAt: clockTime(id.IssuedAt), ExpiresAt: clockTime(id.ExpiresAt), Scopes: strings.Join(id.Scopes, " "),
		How: strings.Join(id.Claims.Strings("amr"), ", "), Claims: claimRows(id.Claims), Result: res,
	}
	data.SignedIn, data.Banner = true, rp.Banner(r.Context())
	if at, ok := id.Claims.Time("auth_time"); ok {
		data.SignedInAt = at.UTC().Format("2 January 2006, 15:04:05 UTC")
	}
	if data.Name == "" {
		data.Name = data.Email
	}
	if data.Name == "" {
		data.Name = data.Subject
	}
	first, _ := utf8.DecodeRuneInString(data.Name)
	data.Initial = strings.ToUpper(string(first))
	d.render(w, status, homePage, data)
}

// life tells the page how its token is doing. As any request it renews the token when that is due.
func (d *demo) life(w http.ResponseWriter, r *http.Request) {
	id, _ := rp.FromContext(r.Context())
	dial := newDial(id, d.now())
	writeJSON(w, http.StatusOK, map[string]any{
		"left_ms": dial.LeftMS, "life_ms": dial.LifeMS, "next_ms": dial.NextMS,
		"issued_at": clockTime(id.IssuedAt), "expires_at": clockTime(id.ExpiresAt),
	})
}

func clockTime(t time.Time) string { return t.UTC().Format("15:04:05") }

// notes say what the claims are that not everybody knows.
var notes = map[string]string{
	"iss": "issuer", "sub": "subject", "aud": "audience", "azp": "authorized party", "exp": "expires", "iat": "issued",
	"sid": "session", "auth_time": "signed in", "amr": "methods", "acr": "assurance", "at_hash": "binds the access token",
	"nonce": "binds the sign-in", "jti": "token id", "act": "actor",
}

func claimRows(claims rp.Claims) []claim {
	var rows []claim
	for name, v := range claims {
		value := claims.String(name)
		if _, isString := v.(string); !isString {
			b, err := json.Marshal(v)
			if err != nil {
				b = fmt.Append(nil, v)
			}
			value = string(b)
		}
		note := notes[name]
		if name == "exp" || name == "iat" || name == "auth_time" {
			if at, ok := claims.Time(name); ok {
				note += " " + clockTime(at) + " UTC"
			}
		}
		rows = append(rows, claim{Name: name, Value: value, Note: note})
	}
	slices.SortFunc(rows, func(a, b claim) int { return strings.Compare(a.Name, b.Name) })
	return rows
}
