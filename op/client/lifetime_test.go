package client_test

import (
	"errors"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/storage"
	"github.com/curfew-id/curfew/storage/storagetest"
)

// A client may have less than is configured, never more; and what it has had from before is no fault of another change.
func TestLifetimesAreBounded(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, store *storage.Store) {
		r := client.NewRegistry(store, clock.NewFake(time.Unix(1e9, 0)))
		r.SetLimits(client.Limits{Lifetime: 24 * time.Hour, Idle: time.Hour})
		with := func(lifetime, idle int64) client.Metadata {
			return client.Metadata{RedirectURIs: []string{"https://app.example.com/cb"}, SessionLifetime: lifetime, SessionIdleTimeout: idle}
		}
		for _, c := range []struct {
			m     client.Metadata
			field string
		}{
			{with(0, 0), ""}, {with(60, 300), ""}, {with(86400, 3600), ""},
			{with(59, 0), "session_lifetime"}, {with(-1, 0), "session_lifetime"}, {with(86401, 0), "session_lifetime"},
			{with(0, 299), "session_idle_timeout"}, {with(0, -300), "session_idle_timeout"}, {with(0, 3601), "session_idle_timeout"},
			{with(1<<62, 0), "session_lifetime"},
		} {
			_, _, err := r.Register(t.Context(), store, "", c.m)
			var wrong *client.FieldError
			if (c.field == "") != (err == nil) || err != nil && (!errors.As(err, &wrong) || wrong.Field != c.field) {
				t.Errorf("%d %d: %v", c.m.SessionLifetime, c.m.SessionIdleTimeout, err)
			}
		}
		c, _, err := r.Register(t.Context(), store, "app", with(86400, 3600))
		if err != nil {
			t.Fatal(err)
		}
		r.SetLimits(client.Limits{Lifetime: time.Hour, Idle: 10 * time.Minute})
		m := c.Metadata
		m.ClientName = "App"
		if c, err = r.Update(t.Context(), store, c, m); err != nil {
			t.Errorf("another member: %v", err)
		}
		m.SessionLifetime = 86399
		if _, err = r.Update(t.Context(), store, c, m); err == nil {
			t.Error("changed to more than is configured")
		}
		m.SessionLifetime = 3600
		if _, err = r.Update(t.Context(), store, c, m); err != nil {
			t.Error(err)
		}
	})
}

func TestCounts(t *testing.T) {
	at := time.Unix(1e9, 0)
	for _, c := range []struct {
		lifetime, idle     int64
		age, unused, pause time.Duration
		want               bool
	}{
		{0, 0, 1000 * time.Hour, 1000 * time.Hour, 1000 * time.Hour, true},
		{3600, 0, time.Hour - time.Microsecond, time.Hour, 0, true},
		{3600, 0, time.Hour, 0, 0, false},
		{0, 600, 1000 * time.Hour, 10*time.Minute - time.Microsecond, 0, true},
		{0, 600, time.Minute, 10 * time.Minute, 0, false},
		{0, 600, time.Hour, 0, 10 * time.Minute, false}, // made good by nobody else's use
		{1 << 62, 1 << 62, 1000 * time.Hour, 0, 0, true},
	} {
		x := client.Client{Metadata: client.Metadata{SessionLifetime: c.lifetime, SessionIdleTimeout: c.idle}}
		if got := x.Counts(at.Add(-c.age), at.Add(-c.unused), c.pause, at); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
