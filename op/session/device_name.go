package session

import (
	"slices"
	"strings"

	"github.com/mileusna/useragent"
)

// Browsers and systems that are named. A header is a stranger's text, and for unknown ones the parser returns what it
// finds: it would be shown as if we had said it.
var (
	browsers = []string{useragent.Chrome, useragent.Firefox, useragent.Safari, useragent.Edge, useragent.Opera,
		useragent.OperaMini, useragent.OperaTouch, useragent.SamsungBrowser, useragent.Vivaldi, useragent.InternetExplorer,
		useragent.HeadlessChrome}
	systems = []string{useragent.Windows, useragent.WindowsPhone, useragent.Android, useragent.MacOS, useragent.Linux,
		useragent.FreeBSD, useragent.ChromeOS, useragent.Harmony}
)

// on joins a browser and a system, by language.
var on = map[string]string{"en": " on ", "de": " unter "}

// Agent is what a User-Agent header claims its sender to be. What is not known is empty.
type Agent struct {
	Browser string
	Version string // of the browser, digits and dots
	System  string // the operating system, or iPhone or iPad
	Mobile  bool   // a phone or a tablet
}

// ParseAgent reads a User-Agent header, no more of it than a browser sends.
func ParseAgent(header string) Agent {
	ua := useragent.Parse(header[:min(len(header), 512)])
	a := Agent{Browser: ua.Name, System: ua.OS, Mobile: ua.Mobile || ua.Tablet}
	if a.Browser == useragent.MobileSafari {
		a.Browser = useragent.Safari
	}
	if !slices.Contains(browsers, a.Browser) {
		a.Browser = ""
	}
	if a.Browser != "" && len(ua.Version) <= 40 && strings.Trim(ua.Version, "0123456789.") == "" {
		a.Version = ua.Version
	}
	switch {
	case ua.IsIOS() && strings.Contains(ua.Device, "iPad"):
		a.System = "iPad"
	case ua.IsIOS():
		a.System = "iPhone"
	case !slices.Contains(systems, a.System):
		a.System = ""
	}
	return a
}

// Name is what people know the device by, "Firefox on Linux" or "Firefox unter Linux"; "" for one that says nothing known.
func (a Agent) Name(locale string) string {
	if a.Browser == "" || a.System == "" {
		return a.Browser + a.System
	}
	base, _, _ := strings.Cut(locale, "-")
	word, ok := on[base]
	if !ok {
		word = on["en"]
	}
	return a.Browser + word + a.System
}
