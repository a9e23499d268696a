package rp

import (
	"fmt"
	"testing"
	"time"
)

func TestEndedSet(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	now := at
	s := newEndedSet(time.Minute, 3, func() time.Time { return now })
	refused := func(sid, sub, client string, issued time.Time) bool { return s.refuses(sid, sub, client, issued) }
	if refused("", "", "", at) {
		t.Error("an empty set refuses")
	}
	s.add(SessionEnd{SessionID: "a", Subject: "u"})
	for name, c := range map[string]struct {
		sid, sub string
		want     bool
	}{"the session": {"a", "u", true}, "another of the user": {"b", "u", false}, "none": {"", "u", false}} {
		if refused(c.sid, c.sub, "c", at.Add(time.Hour)) != c.want {
			t.Errorf("%s: refused %v", name, !c.want)
		}
	}
	s.add(SessionEnd{Subject: "u", EndedAt: at.Add(900 * time.Millisecond)})
	for issued, want := range map[time.Duration]bool{-time.Hour: true, 0: true, 950 * time.Millisecond: true, time.Second: false} {
		if refused("b", "u", "c", at.Add(issued)) != want {
			t.Errorf("issued %v after the end: refused %v", issued, !want)
		}
	}
	s.add(SessionEnd{Subject: "u", EndedAt: at.Add(-time.Hour)}) // told late: takes nothing back
	if !refused("b", "u", "c", at) || s.has(SessionEnd{Subject: "u", EndedAt: at.Add(time.Hour)}) || !s.has(SessionEnd{Subject: "u", EndedAt: at}) {
		t.Error("an older end replaced a newer one")
	}

	now = at.Add(30 * time.Second)
	s.add(SessionEnd{Subject: "u", EndedAt: now}) // again: from now on it lasts another minute
	now = at.Add(70 * time.Second)
	if refused("a", "", "", at) || !refused("b", "u", "c", at) {
		t.Error("the session must be forgotten by now, and the user must not")
	}
	s.add(SessionEnd{ClientID: "c", EndedAt: now})
	s.add(SessionEnd{EndedAt: at})
	if !refused("x", "y", "c", now) || refused("x", "y", "z", now) || !refused("x", "y", "z", at) {
		t.Error("of a client, of everybody")
	}
	if refused("", "c", "c", at) {
		t.Error("a client's own token is of no session")
	}

	for i := range 100 {
		s.add(SessionEnd{SessionID: fmt.Sprint(i)})
	}
	if len(s.ends) > 3 || len(s.order) > 3 || !refused("99", "", "", at) || refused("0", "", "", at) {
		t.Errorf("%d ends, %d in order", len(s.ends), len(s.order))
	}
}

func TestMemoryStoreByNames(t *testing.T) {
	ctx, m := t.Context(), NewMemoryStore(4)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	add := func(id, sid, sub string, began time.Duration) {
		t.Helper()
		if err := m.Create(ctx, &WebSession{ID: id, SessionID: sid, Subject: sub, BeganAt: at.Add(began)}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what string, n, want int, err error) {
		t.Helper()
		if n != want || err != nil {
			t.Errorf("%s: %d, %v, want %d", what, n, err, want)
		}
	}
	add("1", "s1", "u1", 0)
	add("2", "s1", "u1", 0)
	add("3", "s2", "u1", time.Minute)
	add("4", "", "u2", 0)
	n, err := m.DeleteSession(ctx, "")
	want("no name", n, 0, err)
	n, err = m.DeleteSession(ctx, "s1")
	want("a session in two browsers", n, 2, err)
	n, err = m.DeleteSession(ctx, "s1")
	want("again", n, 0, err)
	if err := m.Update(ctx, &WebSession{ID: "1", SessionID: "s1"}); err != ErrNoSession {
		t.Errorf("a deleted session: %v", err)
	}
	n, err = m.DeleteSubject(ctx, "u1", at.Add(time.Minute))
	want("begun later", n, 0, err)
	n, err = m.DeleteSubject(ctx, "u1", at.Add(time.Minute+1))
	want("begun before", n, 1, err)
	n, err = m.DeleteSubject(ctx, "u2", time.Time{})
	want("all of a user", n, 1, err)
	for i := range 10 { // the store is full, and what goes leaves the indexes
		add(fmt.Sprint("x", i), fmt.Sprint("s", i), "u3", 0)
	}
	if err := m.Update(ctx, &WebSession{ID: "x9", SessionID: "other", Subject: "u4"}); err != nil {
		t.Fatal(err)
	}
	if len(m.bySession) != 4 || len(m.bySubject) != 2 || len(m.bySubject["u3"]) != 3 || len(m.bySession["s9"]) != 0 {
		t.Errorf("indexes %v %v", m.bySession, m.bySubject)
	}
}
