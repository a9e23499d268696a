package dev

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/delivery"
	"github.com/curfew-id/curfew/ui/page"
)

func TestMailbox(t *testing.T) {
	box := delivery.NewMailbox(clock.NewFake(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)))
	pages, err := page.New(page.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	New(Options{Mailbox: box, Pages: pages, From: "curfew <no-reply@example.com>"}).Routes(mux)
	get := func(path string, code int, words ...string) {
		t.Helper()
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != code {
			t.Errorf("%s: %d, want %d", path, w.Code, code)
		}
		for _, word := range words {
			if !strings.Contains(w.Body.String(), word) {
				t.Errorf("%s does not say %q:\n%s", path, word, w.Body)
			}
		}
	}
	get(PathMail, http.StatusOK, "Nothing yet")
	mail, err := delivery.Write(delivery.SignInCode, "en", "user@example.com",
		delivery.Facts{Service: "Example", Code: "041977", TTL: 5 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	sms, err := delivery.WriteSMS("en", "+49305550112", delivery.Facts{Service: "Example", Host: "id.example.com", Code: "184220"})
	if err != nil {
		t.Fatal(err)
	}
	if err := box.SendMail(t.Context(), mail); err != nil {
		t.Fatal(err)
	}
	if err := box.SendSMS(t.Context(), sms); err != nil {
		t.Fatal(err)
	}
	get(PathMail, http.StatusOK, "user@example.com", mail.Subject, "041977", "49305550112", "184220", PathMail+"/1", PathMail+"/2")
	get(PathMail+"/1", http.StatusOK, "041977", "no-reply@example.com", mail.Subject)
	get(PathMail+"/2", http.StatusOK, "184220", "Text message")
	get(PathMail+"/3", http.StatusNotFound)
}

func TestCodeIn(t *testing.T) {
	for text, want := range map[string]string{
		"your code is\n\n    184220\n\nbye": "184220", "041977 is your code.": "041977", "Code: 184220.": "184220",
		"call 4930555011 now": "", "http://localhost/reset/184220": "", "1842201": "", "": "",
	} {
		if got := codeIn(text); got != want {
			t.Errorf("%q has %q, want %q", text, got, want)
		}
	}
}
