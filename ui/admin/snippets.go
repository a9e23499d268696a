package admin

import (
	"bytes"
	"cmp"
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"text/template"
	"unicode"

	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/ui/page"
)

// snippetFiles are the programs, a directory for each stack. Their actions stand in square brackets: braces are the programs'.
//
//go:embed snippets/*/*.tmpl
var snippetFiles embed.FS

// program is what a snippet is written with.
type program struct {
	Issuer, IssuerOrigin, ClientID string
	Redirect, Post                 string // the first of each
	Redirects, Posts               []string
	Backchannel, Frontchannel      string
	Scope                          string
	Scopes                         []string
	Auth, Alg                      string // Alg of a native app "" for the library's default
	TokenURL                       string

	Listen, Host, Path string // where the program listens, and the path that people come back to
	Port               int
	BackchannelPath    string
	Mounts             []string // patterns of the routes of package rp
	Proxied            bool     // something else speaks https
	PlainHTTP          bool     // the issuer
	Listens, Service   bool     // Listens: the application may follow the feed of ends
}

// installs is what each stack needs, with the versions that the program was written for.
var installs = map[string]string{
	"go":      "go mod init hello\ngo get github.com/curfew-id/curfew/rp",
	"node":    "npm install express@5.3.0 express-session@1.19.0 jose@6.2.17 openid-client@6.8.9",
	"browser": "git clone --depth 1 https://github.com/curfew-id/curfew\ncp -r curfew/rp/js curfew-js",
	"spa":     "npm install oidc-client-ts@3.5.0\ncp node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js .",
	"native":  "go mod init hello\ngo get github.com/coreos/go-oidc/v3@v3.17.0 golang.org/x/oauth2@v0.37.0",
}

var runs = map[string]string{"go": "go run .", "node": "node app.mjs", "native": "go run .", "curl": "sh token.sh"}

// stacksOf are those that there is a snippet for, the likeliest first.
func stacksOf(c *client.Client) []string {
	switch kind := kindOf(c.ApplicationType, c.TokenEndpointAuthMethod, c.GrantTypes); {
	case c.TokenEndpointAuthMethod == client.AuthKey: // only libraries of other people's know how
		return []string{"oidc"}
	case kind == "browser":
		return []string{"browser", "spa", "oidc"}
	case kind == "native" && loopbackRedirect(c.RedirectURIs) != nil && c.Public():
		return []string{"native", "oidc"}
	case kind == "native":
		return []string{"oidc"}
	case kind == "service":
		return []string{"curl", "oidc"}
	}
	return []string{"go", "node", "oidc"}
}

// snippet is a program that signs people in to an application, with its values in it. A secret stands in none: it comes from the
// environment, where the line that runs the program puts it.
func (h *Handlers) snippet(stack string, c *client.Client, secret string) (page.Program, error) {
	p := h.program(stack, c)
	s := page.Program{Install: installs[stack], Run: runs[stack]}
	switch {
	case stack == "browser" || stack == "spa":
		s.Run = "python3 -m http.server --bind " + shell(p.Host) + " " + fmt.Sprint(p.Port)
	case s.Run != "" && !c.Public():
		s.Run = "CLIENT_SECRET=" + shell(cmp.Or(secret, "the client secret")) + " " + s.Run
	}
	dir := "snippets/" + stack
	entries, err := fs.ReadDir(snippetFiles, dir)
	if err != nil {
		return s, fmt.Errorf("snippet: %w", err)
	}
	for _, e := range entries {
		text, err := snippetFiles.ReadFile(dir + "/" + e.Name())
		if err != nil {
			return s, fmt.Errorf("snippet: %w", err)
		}
		t, err := template.New(e.Name()).Delims("[[", "]]").Funcs(quoting).Parse(string(text))
		if err != nil {
			return s, fmt.Errorf("snippet: %w", err)
		}
		var code bytes.Buffer
		if err := t.Execute(&code, p); err != nil {
			return s, fmt.Errorf("snippet: %w", err)
		}
		s.Files = append(s.Files, page.ProgramFile{Name: strings.TrimSuffix(e.Name(), ".tmpl"), Code: code.String()})
	}
	return s, nil
}

func (h *Handlers) program(stack string, c *client.Client) program {
	p := program{Issuer: h.Issuer, IssuerOrigin: origin(h.Issuer), ClientID: c.ID, Redirects: c.RedirectURIs, Posts: c.PostLogoutRedirectURIs,
		Backchannel: c.BackchannelLogoutURI, Frontchannel: c.FrontchannelLogoutURI, Auth: c.TokenEndpointAuthMethod,
		Alg: c.SigningAlg(), TokenURL: h.Issuer + "/oauth/token", PlainHTTP: strings.HasPrefix(h.Issuer, "http:"),
		Service: kindOf(c.ApplicationType, c.TokenEndpointAuthMethod, c.GrantTypes) == "service", Host: "127.0.0.1", Port: 8090}
	for _, name := range strings.Fields(c.Scope) {
		if name == scopeListen { // of the application's own, not of a user's
			p.Listens = c.Allows(client.GrantClientCredentials)
			if stack == "go" || stack == "node" {
				continue
			}
		}
		p.Scopes = append(p.Scopes, name)
	}
	p.Scope = strings.Join(p.Scopes, " ")
	p.Redirect = "https://app.example.com/auth/callback"
	if len(c.RedirectURIs) > 0 {
		p.Redirect = c.RedirectURIs[0]
	}
	if stack == "native" {
		p.Host, p.Path, p.Port = "127.0.0.1", "/callback", 0
		if u := loopbackRedirect(c.RedirectURIs); u != nil {
			p.Host, p.Path = u.Hostname(), u.RequestURI()
		}
		return p
	}
	p.Post = origin(p.Redirect) + "/"
	if len(c.PostLogoutRedirectURIs) > 0 {
		p.Post = c.PostLogoutRedirectURIs[0]
	}
	u, err := url.Parse(p.Redirect)
	if err != nil { // the registry has none such
		return p
	}
	if p.Proxied = u.Scheme == "https"; !p.Proxied {
		p.Host, p.Port = u.Hostname(), 80
		_, _ = fmt.Sscan(u.Port(), &p.Port)
	}
	p.Listen = net.JoinHostPort(p.Host, fmt.Sprint(p.Port))
	p.BackchannelPath = backchannelPath(u)
	p.Mounts = mounts(u)
	return p
}

// mounts are the patterns under which the routes of package rp are found. They lie beside the callback.
func mounts(callback *url.URL) []string {
	// A pattern's braces would be wildcards; escaped they are themselves.
	pattern := func(at string) string { return (&url.URL{Path: at}).EscapedPath() }
	if dir := path.Dir(path.Join("/", callback.Path)); dir != "/" {
		return []string{pattern(dir + "/")}
	}
	list := []string{pattern(cmp.Or(callback.Path, "/"))}
	if list[0] == "/" {
		list[0] = "/{$}"
	}
	for _, route := range []string{"/login", "/logout", "/backchannel-logout", "/frontchannel-logout"} {
		if !slices.Contains(list, route) {
			list = append(list, route)
		}
	}
	return list
}

func backchannelPath(callback *url.URL) string {
	return path.Join("/", path.Dir(callback.Path), "backchannel-logout")
}

// loopbackRedirect is the first redirect URI that a native app can listen at (RFC 8252 7.3), nil for none.
func loopbackRedirect(uris []string) *url.URL {
	for _, uri := range uris {
		u, err := url.Parse(uri)
		if err != nil || u.Scheme != "http" {
			continue
		}
		if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.IsLoopback() {
			return u
		}
	}
	return nil
}

func origin(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// quoting makes data of what was registered, in each language. A JSON string is a string in Go and in JavaScript, too, and has
// neither quotes nor line ends in it, nor what would end a script in HTML.
var quoting = template.FuncMap{"q": quoted, "sh": shell, "html": html.EscapeString}

func quoted(s string) (string, error) {
	b, err := json.Marshal(s)
	var out strings.Builder
	for _, r := range string(b) {
		if unicode.Is(unicode.Cf, r) && r < 0x10000 { // turns the order of what is read, or is refused by Go (a byte order mark)
			fmt.Fprintf(&out, `\u%04x`, r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String(), err
}

// shell is a word of POSIX sh: between single quotes nothing means anything but their end.
func shell(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
