package op_test

import (
	"github.com/curfew-id/curfew/op/logout"
	"github.com/curfew-id/curfew/storage"
)

func (w *modelWorld) stepConsent() {
	w.agree(pick(w.rt, "user", w.users), pick(w.rt, "client", w.clients))
}

func (w *modelWorld) agree(u *modelUser, c *modelClient) {
	w.must(w.kit.consents.Grant(w.Context(), u.id, c.id, "openid offline_access"))
	w.consents[[2]string{u.id, c.id}] = true
}

func (w *modelWorld) stepWithdraw() {
	w.withdraw(pick(w.rt, "user", w.users), pick(w.rt, "client", w.clients))
}

// stepWithdrawUnderWay withdraws a consent while its client is about to redeem a code, which then gets nothing.
func (w *modelWorld) stepWithdrawUnderWay() {
	c := w.issueCode()
	if c == nil {
		panic(nothing{})
	}
	w.agree(c.session.user, c.client)
	w.withdraw(c.session.user, c.client)
	w.redeemCode(c)
}

func (w *modelWorld) withdraw(u *modelUser, c *modelClient) {
	err := w.kit.consents.Withdraw(w.Context(), u.id, c.id, u.id)
	if !w.consents[[2]string{u.id, c.id}] {
		if err != storage.ErrNotFound {
			w.Fatalf("withdrawal of a consent that is not there: %v", err)
		}
		return
	}
	w.must(err)
	delete(w.consents, [2]string{u.id, c.id})
	for _, code := range w.codes {
		if code.client == c && code.session.user == u && code.redeemed == nil {
			code.deleted = true
		}
	}
	for _, f := range w.families {
		if f.client == c && f.session.user == u {
			w.revoke(f, logout.Cause{Status: storage.StatusRevoked, Reason: logout.ConsentGone, By: u.id})
		}
	}
}
