package account

import (
	"slices"
	"strings"

	"github.com/mileusna/useragent"
)

// Browsers and systems that are named. A header is a stranger's text, and for unknown ones the parser returns what it
// finds: it would stand on the page as if we had said it.
var (
	browsers = []string{useragent.Chrome, useragent.Firefox, useragent.Safari, useragent.Edge, useragent.Opera,
		useragent.OperaMini, useragent.OperaTouch, useragent.SamsungBrowser, useragent.Vivaldi, useragent.InternetExplorer,
		useragent.HeadlessChrome}
	systems = []string{useragent.Windows, useragent.WindowsPhone, useragent.Android, useragent.MacOS, useragent.Linux,
		useragent.FreeBSD, useragent.ChromeOS, useragent.Harmony}
)

// on joins a browser and a system, by language.
var on = map[string]string{"en": " on ", "de": " unter "}

// parseAgent reads no more of the header than a browser sends.
func parseAgent(userAgent string) useragent.UserAgent {
	return useragent.Parse(userAgent[:min(len(userAgent), 512)])
}

// deviceName says in words what a User-Agent header claims to be: "Firefox on Linux"; "" for one that says nothing known.
func deviceName(userAgent, locale string) string {
	ua := parseAgent(userAgent)
	browser, system := ua.Name, ua.OS
	if browser == useragent.MobileSafari {
		browser = useragent.Safari
	}
	if !slices.Contains(browsers, browser) {
		browser = ""
	}
	switch {
	case ua.IsIOS() && strings.Contains(ua.Device, "iPad"):
		system = "iPad"
	case ua.IsIOS():
		system = "iPhone"
	case !slices.Contains(systems, system):
		system = ""
	}
	if browser == "" || system == "" {
		return browser + system
	}
	base, _, _ := strings.Cut(locale, "-")
	word, ok := on[base]
	if !ok {
		word = on["en"]
	}
	return browser + word + system
}

func isMobile(userAgent string) bool {
	ua := parseAgent(userAgent)
	return ua.Mobile || ua.Tablet
}
