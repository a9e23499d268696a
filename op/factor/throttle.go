package factor

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/secret"
	"github.com/curfew-id/curfew/storage"
)

// ErrThrottled is what a *Throttled is.
var ErrThrottled = errors.New("too many tries")

// Throttled is returned when a budget is spent. It becomes 429 with Retry-After, and a page that says when.
type Throttled struct {
	RetryAfter time.Duration
	// Slowed: it is not this visitor who tried too often but strangers everywhere together. The visitor can wait, come
	// from a device known to the account, or prove something that was sent to them.
	Slowed bool
	// First: of the tries that this budget refuses in its window, it is the first. It is worth a line in the audit, where a
	// flood has no place.
	First bool
}

func (t *Throttled) Error() string {
	return fmt.Sprintf("%v, again in %s", ErrThrottled, t.RetryAfter.Round(time.Second))
}

// Is makes errors.Is(err, ErrThrottled) true.
func (t *Throttled) Is(target error) bool { return target == ErrThrottled }

// budget is how many events a window of time may have.
type budget struct {
	events int64
	window time.Duration
}

// group is what shares budgets: guessing one secret by another door must not begin at zero.
type group string

const (
	guessPassword group = "password"
	guessCode     group = "code"  // sent by mail or SMS; each has five tries of its own besides
	guessDevice   group = "proof" // TOTP and recovery codes
	sendCode      group = "send"
)

func groupOf(k Kind) group {
	switch k {
	case KindPassword:
		return guessPassword
	case KindEmail, KindSMS:
		return guessCode
	default:
		return guessDevice
	}
}

// rules are the budgets of a group, all of which a stranger has to be within.
type rules struct {
	device  budget // one device known to the account; nothing else counts for it
	near    budget // one account, one network
	address budget // one address, all accounts
	site    budget // one site, all accounts
	account budget // one account, all strangers
	slowed  budget // one account, one network, once account is spent; zero: nothing goes then
}

// SP 800-63B 5.2.2 allows no more than 100 failures in a row on one account and names as ways to keep strangers from
// using that against its owner: waiting times that grow, and lists of places that signed in before. An hour's account
// budget is that hundred; beyond it every network on earth has one try in five minutes.
var (
	quarter  = 15 * time.Minute
	allRules = map[group]rules{
		guessPassword: {
			device: budget{10, quarter}, near: budget{10, quarter}, address: budget{100, quarter}, site: budget{400, quarter},
			account: budget{100, time.Hour}, slowed: budget{1, 5 * time.Minute},
		},
		guessCode: {
			device: budget{20, quarter}, near: budget{20, quarter}, address: budget{100, quarter}, site: budget{400, quarter},
			account: budget{100, time.Hour}, slowed: budget{1, 5 * time.Minute},
		},
		// Only who has the first factor comes here, so the total may be hard: 20 an hour find one of two valid codes in a
		// million with a chance of 1 in 1,000 a day.
		guessDevice: {
			device: budget{10, quarter}, near: budget{10, quarter}, address: budget{100, quarter}, site: budget{400, quarter},
			account: budget{20, time.Hour},
		},
		// A mailbox must not be filled by strangers, nor may they keep its owner, on a browser that is new, from getting
		// the one code they need: beyond the hour's ten, each network has one in a quarter of an hour. SMS, which cost
		// money, are sent only to who has proved a first factor.
		sendCode: {
			device: budget{5, quarter}, near: budget{5, quarter}, address: budget{100, time.Hour}, site: budget{400, time.Hour},
			account: budget{10, time.Hour}, slowed: budget{1, quarter},
		},
	}
)

// Throttle counts tries and sendings. It counts before the event, one atomic statement a step, outside any transaction
// of the caller: tries made at once are all seen, and a transaction that fails takes none back.
type Throttle struct {
	store *storage.Store
	clock clock.Clock
	key   []byte
}

// paid is what a try cost.
type paid struct {
	throttle *Throttle
	counted  []*storage.Throttle
}

// pay takes one event of a group out of every budget that applies, or returns a *Throttled. A later step is reached
// only through the earlier: who has used up their own budget takes nothing from the ones they share.
func (t *Throttle) pay(ctx context.Context, g group, who Who) (*paid, error) {
	r, p := allRules[g], &paid{throttle: t}
	account := who.account()
	if who.known() {
		_, err := p.take(ctx, map[string]budget{t.bucket(g, "device", account, who.Device): r.device})
		return p, err
	}
	near := network(who.Address)
	if _, err := p.take(ctx, map[string]budget{t.bucket(g, "near", account, near): r.near}); err != nil {
		return nil, err
	}
	if _, err := p.take(ctx, map[string]budget{
		t.bucket(g, "address", address(who.Address)): r.address,
		t.bucket(g, "site", site(who.Address)):       r.site,
	}); err != nil {
		return nil, err
	}
	refused, err := p.take(ctx, map[string]budget{t.bucket(g, "account", account): r.account})
	if refused == nil {
		return p, err
	}
	if r.slowed.events > 0 {
		if refused, err = p.take(ctx, map[string]budget{t.bucket(g, "slowed", account, near): r.slowed}); refused == nil {
			return p, err
		}
	}
	refused.Slowed = true
	return nil, refused
}

// take counts one event in each bucket. Where one is over its budget it returns a *Throttled, as such and as the error.
func (p *paid) take(ctx context.Context, budgets map[string]budget) (*Throttled, error) {
	now := p.throttle.clock.Now()
	windows := make(map[string]time.Duration, len(budgets))
	for name, b := range budgets {
		windows[name] = b.window
	}
	counted, err := p.throttle.store.CountThrottles(ctx, windows, now)
	if err != nil {
		return nil, err
	}
	var refused *Throttled
	for name, c := range counted {
		p.counted = append(p.counted, c)
		over := c.Count - budgets[name].events
		if over <= 0 {
			continue
		}
		if refused == nil {
			refused = new(Throttled)
		}
		refused.RetryAfter = max(refused.RetryAfter, c.ExpiresAt.Sub(now), time.Second)
		refused.First = refused.First || over == 1
	}
	if refused != nil {
		return refused, refused
	}
	return nil, nil
}

// refund gives back what a try cost, since it was right (or was never made). Only that one: being right now and then
// must not buy more wrong ones.
func (p *paid) refund(ctx context.Context) error {
	return p.throttle.store.UncountThrottles(context.WithoutCancel(ctx), p.counted)
}

// bucket names a counter. The name is a MAC: the table tells nobody who tried to sign in as whom from where.
func (t *Throttle) bucket(g group, parts ...string) string {
	all := [][]byte{[]byte(g)}
	for _, part := range parts {
		all = append(all, []byte(part))
	}
	return string(g) + "." + parts[0] + "." + base64.RawURLEncoding.EncodeToString(secret.MAC(t.key, all...)[:18])
}
