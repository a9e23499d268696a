package rp

import (
	"net/url"
	"slices"
	"strings"
)

// maxReturn keeps the cookie of a sign-in well below what browsers and proxies take.
const maxReturn = 1024

// localPath returns raw if it is a path on this application, else "/". Browsers read "//host", "/\host" and
// paths with tabs or newlines in them as other sites, so these are no paths (CWE-601).
func localPath(raw string) string {
	if len(raw) > maxReturn || !strings.HasPrefix(raw, "/") || strings.HasPrefix(raw, "//") || strings.Contains(raw, `\`) {
		return "/"
	}
	for _, c := range raw {
		if c < 0x20 || c == 0x7f {
			return "/"
		}
	}
	u, err := url.Parse(raw)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return "/"
	}
	return raw
}

// returnPath is localPath without our own routes: coming back to one of them would begin again.
func (a *App) returnPath(raw string) string {
	local := localPath(raw)
	p, _, _ := strings.Cut(local, "?")
	if slices.Contains([]string{a.cfg.LoginPath, a.cfg.LogoutPath, a.cfg.BackChannelLogoutPath, a.cfg.FrontChannelLogoutPath,
		a.redirect.Path}, p) {
		return "/"
	}
	return local
}
