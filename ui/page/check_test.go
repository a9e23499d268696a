package page_test

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// completions are the autocomplete values that each field may have.
var completions = map[string]string{
	"email": "username", "name": "name", "phone": "tel", "locale": "language",
	"current_password": "current-password", "new_password": "new-password",
	"password": "current-password new-password", "code": "one-time-code off",
}

// check returns what is wrong with a page, whichever page it is.
func check(t *testing.T, body, lang string) (faults []string) {
	t.Helper()
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if i := strings.Index(body, "⟦"); i >= 0 {
		add("missing text: %.60q", body[i:])
	}
	if strings.Contains(body, "ZgotmplZ") {
		add("the template engine blanked a value")
	}
	ids, labelled := map[string]int{}, map[string]bool{}
	headings := 0
	all := parse(t, body)
	for _, n := range all {
		if id, ok := attr(n, "id"); ok {
			ids[id]++
		}
		switch n.Data {
		case "h1":
			headings++
		case "label":
			id, _ := attr(n, "for")
			labelled[id] = text(n) != ""
		}
	}
	if headings != 1 {
		add("%d h1, want 1", headings)
	}
	for id, n := range ids {
		if n > 1 {
			add("id %s stands %d times", id, n)
		}
	}
	for _, n := range all {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				add("<%s> has inline %s", n.Data, a.Key)
			}
			if strings.HasPrefix(a.Key, "aria-describedby") || a.Key == "aria-labelledby" {
				if ids[a.Val] == 0 {
					add("<%s> %s names %s, which is not there", n.Data, a.Key, a.Val)
				}
			}
		}
		faults = append(faults, checkElement(n, lang, labelled, ids)...)
	}
	return faults
}

func checkElement(n *html.Node, lang string, labelled map[string]bool, ids map[string]int) (faults []string) {
	add := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	switch n.Data {
	case "html":
		if got, _ := attr(n, "lang"); got != lang {
			add("lang is %q, want %q", got, lang)
		}
		if got, _ := attr(n, "dir"); got != "ltr" && got != "rtl" {
			add("dir is %q", got)
		}
	case "title":
		if text(n) == "" {
			add("empty title")
		}
	case "style":
		add("a style element")
	case "script":
		if src, _ := attr(n, "src"); !strings.HasPrefix(src, "/static/") || text(n) != "" {
			add("an inline or foreign script")
		}
	case "img":
		if _, ok := attr(n, "alt"); !ok {
			add("an image without alt")
		}
	case "form":
		if action, _ := attr(n, "action"); action == "" {
			add("a form without action")
		}
	case "button", "a", "h1", "h2", "label", "option":
		if text(n) == "" {
			add("<%s> without text", n.Data)
		}
		if href, ok := attr(n, "href"); n.Data == "a" && (!ok || href == "") {
			add("a link to nowhere: %s", text(n))
		} else if to, found := strings.CutPrefix(href, "#"); found && ids[to] == 0 {
			add("a link to #%s, which is not there", to)
		}
	case "input", "select", "textarea":
		kind, _ := attr(n, "type")
		name, _ := attr(n, "name")
		complete, _ := attr(n, "autocomplete")
		if kind == "hidden" {
			break
		}
		want, known := completions[name]
		if !known { // of the console: nothing that a browser knows
			want = "off"
		}
		if (!strings.Contains(" "+want+" ", " "+complete+" ") || complete == "") && kind != "checkbox" && kind != "radio" {
			add("field %q has autocomplete %q, want one of %q", name, complete, want)
		}
		if _, hidden := attr(n, "hidden"); hidden {
			break // for password managers
		}
		if id, _ := attr(n, "id"); !labelled[id] {
			add("field %q has no label", name)
		}
		if _, value := attr(n, "value"); kind == "password" && value {
			if v, _ := attr(n, "value"); v != "" {
				add("a password is written into the page")
			}
		}
	}
	return faults
}

func attr(n *html.Node, key string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val, true
		}
	}
	return "", false
}

// text returns the words inside n.
func text(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}
