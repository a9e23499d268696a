package page

import (
	"bytes"
	"html/template"
	"io"
)

// CheckSession is the page that relying parties frame, unseen, to watch the session (OpenID Connect Session Management 1.0
// section 3.2). It is not one of the hosted pages: it has nothing to show, and the policy that it needs is the protocol's.
type CheckSession struct {
	Cookie     string // name of the cookie with the browser's state
	Attributes string // of that cookie, as script writes them
	EventsPath string // of the stream that tells the end of the session
}

var checkSession = template.Must(template.New("check_session").Funcs(template.FuncMap{"asset": assetURL}).Parse(
	`<!doctype html>
<html lang="en" data-cookie="{{.Cookie}}" data-attributes="{{.Attributes}}" data-events="{{.EventsPath}}">
<meta charset="utf-8">
<title>Session</title>
<script type="module" src="{{asset "check_session.js"}}"></script>
</html>
`))

// Write writes the page.
func (c CheckSession) Write(w io.Writer) error {
	var b bytes.Buffer
	if err := checkSession.Execute(&b, c); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}
