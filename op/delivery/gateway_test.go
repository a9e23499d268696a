package delivery

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestGatewaySendsTwiliosShape(t *testing.T) {
	var got *http.Request
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		got = r
		w.WriteHeader(http.StatusCreated)
	}))
	defer srv.Close()
	g, err := NewGateway(GatewayOptions{URL: srv.URL + "/Messages.json", Username: "AC1", Password: "pw", From: "+15550199"},
		srv.Client())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.SendSMS(context.Background(), SMS{To: "+15550100", Text: "ä & b"}); err != nil {
		t.Fatal(err)
	}
	user, pass, _ := got.BasicAuth()
	if user != "AC1" || pass != "pw" || got.Method != http.MethodPost || got.URL.Path != "/Messages.json" {
		t.Errorf("request %s %s as %s:%s", got.Method, got.URL, user, pass)
	}
	if f := got.PostForm; f.Get("To") != "+15550100" || f.Get("From") != "+15550199" || f.Get("Body") != "ä & b" || len(f) != 3 {
		t.Errorf("form %v", f)
	}
}

func TestGatewayTellsForeverFromForNow(t *testing.T) {
	for code, refused := range map[int]bool{301: false, 400: true, 401: true, 408: false, 429: false, 500: false, 503: false} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		g, err := NewGateway(GatewayOptions{URL: srv.URL, From: "curfew"}, srv.Client())
		if err != nil {
			t.Fatal(err)
		}
		err = g.SendSMS(context.Background(), SMS{To: "+15550100", Text: "x"})
		if err == nil || errors.Is(err, ErrRefused) != refused {
			t.Errorf("%d: error %v, refused should be %t", code, err, refused)
		}
		srv.Close()
	}
}

func TestGatewayOptionsAreChecked(t *testing.T) {
	for _, opt := range []GatewayOptions{
		{URL: "", From: "x"}, {URL: "http://gateway.example.com/", From: "x"}, {URL: "https://gateway.example.com/"},
		{URL: "ftp://127.0.0.1/", From: "x"}, {URL: "://", From: "x"},
	} {
		if _, err := NewGateway(opt, http.DefaultClient); err == nil {
			t.Errorf("%+v accepted", opt)
		}
	}
}
