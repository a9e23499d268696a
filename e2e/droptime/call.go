package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// do sends a request to curfew, whichever replica's turn it is, and reads the answer.
func (r *rig) do(ctx context.Context, method, path string, form url.Values, prepare ...func(*http.Request)) (status int, body string, err error) {
	res, body, err := r.exchange(ctx, method, path, form, prepare...)
	if err != nil {
		return 0, "", err
	}
	return res.StatusCode, body, nil
}

func (r *rig) exchange(ctx context.Context, method, path string, form url.Values, prepare ...func(*http.Request)) (*http.Response, string, error) {
	var in io.Reader
	if form != nil {
		in = strings.NewReader(form.Encode())
	}
	q, err := http.NewRequestWithContext(ctx, method, r.issuer+path, in)
	if err != nil {
		return nil, "", err
	}
	if form != nil {
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, p := range prepare {
		p(q)
	}
	res, err := r.client.Do(q)
	if err != nil {
		var at *url.Error
		if errors.As(err, &at) { // which repeats the address, hints and all
			err = at.Err
		}
		return nil, "", fmt.Errorf("%s %s: %w", method, q.URL.Path, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return res, string(body), err
}

func (r *rig) post(ctx context.Context, path string, form url.Values, prepare ...func(*http.Request)) (int, string, error) {
	return r.do(ctx, http.MethodPost, path, form, prepare...)
}

// answerError is an answer that was not expected. It is one, so it says something about the end that was asked for.
type answerError struct {
	what   string
	status int
	body   string
}

func (e *answerError) Error() string {
	text := strings.Join(strings.Fields(e.body), " ")
	return fmt.Sprintf("%s: status %d: %.300s", e.what, e.status, text)
}

func unexpected(what string, status int, body string) error { return &answerError{what, status, body} }

// management is a client's own access to the management API.
type management struct {
	rig        *rig
	id, secret string

	mu    sync.Mutex
	token string
	until time.Time
}

func (m *management) bearer(ctx context.Context) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if now().Before(m.until) {
		return m.token, nil
	}
	status, body, err := m.rig.post(ctx, "/oauth/token", url.Values{"grant_type": {"client_credentials"}}, func(q *http.Request) {
		q.SetBasicAuth(url.QueryEscape(m.id), url.QueryEscape(m.secret))
	})
	if err != nil {
		return "", err
	}
	var t tokens
	if status != http.StatusOK || json.Unmarshal([]byte(body), &t) != nil {
		return "", unexpected("client credentials", status, body)
	}
	m.token, m.until = t.Access, now().Add(30*time.Second)
	return t.Access, nil
}

// call asks the management API for something that has no body.
func (m *management) call(ctx context.Context, method, path string) error {
	bearer, err := m.bearer(ctx)
	if err != nil {
		return err
	}
	status, body, err := m.rig.do(ctx, method, path, nil, func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+bearer) })
	if err != nil {
		return err
	}
	if status < 200 || status > 299 {
		return unexpected(method+" "+path, status, body)
	}
	return nil
}
