package factor

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const right, bad = "x7Kq!2pZ", "not the one"

// guess tries wrong passwords until throttled and returns how many were looked at.
func (w *world) guess(t *testing.T, who Who, most int) int {
	t.Helper()
	for n := range most {
		err := w.CheckPassword(ctx, who, bad)
		if errors.Is(err, ErrThrottled) {
			return n
		}
		if !errors.Is(err, ErrWrong) {
			t.Fatal(err)
		}
	}
	return most
}

func TestNoLockThatAStrangerCanPutOnAVictim(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		victim := w.user(t, "victim@example.com")
		if err := w.SetPassword(ctx, victim.UserID, right); err != nil {
			t.Fatal(err)
		}
		if n := w.guess(t, victim.from("198.51.100.7"), 50); n != 10 {
			t.Errorf("a stranger had %d tries, want 10", n)
		}
		wantErr(t, "the victim, elsewhere", w.CheckPassword(ctx, victim, right), nil)
		// Strangers all over the world: together they get to 100, then each network one more.
		total := 10
		for i := range 40 {
			total += w.guess(t, victim.from(fmt.Sprintf("203.0.%d.7", i)), 50)
		}
		if total < 100 || total > 100+40 {
			t.Errorf("strangers in 41 networks had %d tries, want 100 and one a network", total)
		}
		wantErr(t, "the victim on a known device, in a stranger's network",
			w.CheckPassword(ctx, victim.from("198.51.100.7").on("dev_1"), right), nil)
		wantErr(t, "the victim on a new device, in a fresh network",
			w.CheckPassword(ctx, victim.from("233.252.0.1"), right), nil)
		// A stranger is told to wait, not forever.
		err := w.CheckPassword(ctx, victim.from("203.0.20.7"), right)
		var throttled *Throttled
		if !errors.As(err, &throttled) || throttled.RetryAfter <= 0 || throttled.RetryAfter > time.Hour || !throttled.Slowed {
			t.Errorf("error %v", err)
		}
		w.clock.Advance(throttled.RetryAfter)
		wantErr(t, "after waiting as told", w.CheckPassword(ctx, victim.from("203.0.20.7"), right), nil)
	})
}

func TestNoWayPastALimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		w.guess(t, who, 50)
		alias := who
		alias.Identifier = "+15550100" // another identifier of the same user
		for what, other := range map[string]Who{
			"another identifier":      alias,
			"the neighbour's address": who.from("192.0.2.200"),
			"as mapped IPv6":          who.from("::ffff:192.0.2.1"),
		} {
			wantErr(t, what, w.CheckPassword(ctx, other, bad), ErrThrottled)
		}
		// Nobody has this one, and it is spelled in many ways.
		n := 0
		for _, spelled := range []string{"nobody@example.com", "NOBODY@example.com", " nobody@example.com", "nobody+1@example.com",
			"nobody+2@EXAMPLE.com.", "ｎobody@example.com"} {
			n += w.guess(t, Who{Identifier: spelled}.from("2001:db8:1:2::7"), 50)
		}
		if n != 10 {
			t.Errorf("six spellings had %d tries, want 10", n)
		}
		wantErr(t, "another address of the same /64", w.CheckPassword(ctx, Who{Identifier: "nobody@example.com"}.
			from("2001:db8:1:2:ffff::1"), bad), ErrThrottled)
		// At the same moment.
		at := who.from("198.51.100.1")
		if n := race(func(int) error {
			if err := w.CheckPassword(ctx, at, bad); errors.Is(err, ErrThrottled) {
				return err
			}
			return nil
		}); n != 10 {
			t.Errorf("%d of twenty at once were looked at, want 10", n)
		}
	})
}

func TestOneAddressCannotTryEverybody(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		n := 0
		for i := range 150 {
			who := Who{Identifier: fmt.Sprintf("user%d@example.com", i)}.from("192.0.2.1")
			if err := w.CheckPassword(ctx, who, bad); errors.Is(err, ErrWrong) {
				n++
			}
		}
		if n != 100 {
			t.Errorf("%d accounts were tried from one address, want 100", n)
		}
		wantErr(t, "its neighbour", w.CheckPassword(ctx, Who{Identifier: "a@example.com"}.from("192.0.2.2"), bad), ErrWrong)
	})
}

func TestRightTriesCostNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		who := w.user(t, "user@example.com")
		if err := w.SetPassword(ctx, who.UserID, right); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			wantErr(t, "right", w.CheckPassword(ctx, who, right), nil)
		}
		// But they do not buy wrong ones.
		n := 0
		for range 40 {
			err := w.CheckPassword(ctx, who, bad)
			if errors.Is(err, ErrThrottled) {
				break
			}
			n++
			if err := w.CheckPassword(ctx, who, right); err != nil && !errors.Is(err, ErrThrottled) {
				t.Fatal(err)
			}
		}
		if n != 10 {
			t.Errorf("%d wrong tries between right ones, want 10", n)
		}
		w.clock.Advance(15 * time.Minute)
		wantErr(t, "a quarter of an hour later", w.CheckPassword(ctx, who, right), nil)
	})
}

func TestSendingIsThrottled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.user(t, "user@example.com")
		send := func(who Who, target string) error {
			_, _, err := w.StartCode(ctx, who, KindEmail, PurposeSignIn, target)
			return err
		}
		fromOne, fromMany := 0, 0
		for range 20 {
			if send(owner.from("198.51.100.1"), "user@example.com") == nil {
				fromOne++
			}
		}
		for i := range 120 { // 30 networks, four times each
			who := Who{Identifier: "other@example.com"}.from(fmt.Sprintf("203.0.%d.1", i%30))
			if send(who, fmt.Sprintf("User+%d@example.com", i)) == nil {
				fromMany++
			}
		}
		// Beyond ten in all a network has one: another spelling, another try, another flow gets no second.
		if fromOne != 5 || fromMany > 5+30 {
			t.Errorf("one network sent %d, 30 others %d to one mailbox, want 5 and at most 35", fromOne, fromMany)
		}
		// No stranger keeps the owner out, who is somewhere else on a browser that nobody knows.
		wantErr(t, "the owner somewhere else", send(owner.from("192.0.2.77"), "user@example.com"), nil)
		wantErr(t, "and at once again", send(owner.from("192.0.2.77"), "user@example.com"), ErrThrottled)
		wantErr(t, "the owner on a known device", send(owner.on("dev_1"), "user@example.com"), nil)
		// A known device of one's own account does not open other people's mailboxes.
		other := w.user(t, "other@example.com")
		for i := range 10 {
			wantErr(t, "another's mailbox", send(other.on(fmt.Sprintf("dev_%d", i)).from("198.51.100.9"), "user@example.com"), ErrThrottled)
		}
	})
}

// A stranger who asks for codes must not make those of the owner worthless.
func TestStrangersCodesLeaveTheOwnersAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		owner := w.user(t, "user@example.com")
		for _, mine := range []Who{owner, owner.on("dev_1")} {
			c, code, err := w.StartCode(ctx, mine, KindEmail, PurposeSignIn, "user@example.com")
			if err != nil {
				t.Fatal(err)
			}
			theirs, _, err := w.StartCode(ctx, owner.from("198.51.100.1"), KindEmail, PurposeSignIn, "user@example.com")
			if err != nil {
				t.Fatal(err)
			}
			for range CodeTries {
				wantErr(t, "the stranger", w.CheckCode(ctx, owner.from("198.51.100.1"), theirs, wrong(code)), ErrWrong)
			}
			wantErr(t, "the owner", w.CheckCode(ctx, mine, c, code), nil)
		}
	})
}

func TestBucketsTellNothing(t *testing.T) {
	a := &Throttle{key: []byte("a")}
	b := &Throttle{key: []byte("b")}
	name := a.bucket(guessPassword, "near", "user@example.com", "192.0.2.0/24")
	if strings.Contains(name, "user") || strings.Contains(name, "192") || name == b.bucket(guessPassword, "near", "user@example.com", "192.0.2.0/24") {
		t.Errorf("bucket %q", name)
	}
}

func TestCanonicalIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-zA-Z.+]{0,8}@[a-zA-Z.]{0,8}`)).Draw(t, "identifier")
		if once := canonical(s); canonical(once) != once {
			t.Fatalf("%q -> %q -> %q", s, once, canonical(once))
		}
	})
}

func TestNetworks(t *testing.T) {
	for in, want := range map[string][3]string{
		"192.0.2.7":         {"192.0.2.7/32", "192.0.2.0/24", "192.0.2.0/24"},
		"::ffff:192.0.2.7":  {"192.0.2.7/32", "192.0.2.0/24", "192.0.2.0/24"},
		"2001:db8:1:2:3::4": {"2001:db8:1:2::/64", "2001:db8:1:2::/64", "2001:db8:1::/48"},
		"fe80::1%eth0":      {"fe80::/64", "fe80::/64", "fe80::/48"},
	} {
		a := netip.MustParseAddr(in)
		if got := [3]string{address(a), network(a), site(a)}; got != want {
			t.Errorf("%s: %v, want %v", in, got, want)
		}
	}
	if address(netip.Addr{}) != "unknown" {
		t.Error("no address")
	}
}
