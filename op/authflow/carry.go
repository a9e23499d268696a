package authflow

import (
	"context"
	"slices"
	"strings"

	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/session"
)

// carried is what the session that is being stepped up had proved already. It does not count where the client wants the
// person to prove everything again.
func (f *Flows) carried(flow *Flow, own *session.Current) []factor.Kind {
	if f.mustProveAgain(flow, own) {
		return nil
	}
	if slices.Contains(strings.Fields(own.AMR), "pwd") {
		return []factor.Kind{factor.KindPassword}
	}
	return nil
}

// carry lets the flow begin with what a session of its user has proved.
func (f *Flows) carry(flow *Flow, own *session.Current) {
	flow.Proved = f.carried(flow, own)
	flow.Carried = len(flow.Proved) > 0
}

// carries tells whether a session still proves for the flow's user what was carried over. The flow outlives the session:
// after a sign-out the second factor alone must not start another one.
func (f *Flows) carries(flow *Flow, own *session.Current) bool {
	return own != nil && own.UserID == flow.UserID && len(f.carried(flow, own)) > 0
}

// forgetReplaced begins again where the password that was proved has been replaced meanwhile: whoever knew the old one is
// out, also half-way through a sign-in.
func (f *Flows) forgetReplaced(ctx context.Context, flow *Flow) error {
	if flow.ProvedAt.IsZero() || flow.UserID == "" {
		return nil
	}
	rows, err := f.store.Factors(ctx, flow.UserID, string(factor.KindPassword))
	if err != nil {
		return err
	}
	if len(rows) > 0 && rows[0].CreatedAt.After(flow.ProvedAt) {
		flow.forget()
	}
	return nil
}

// forget lets the sign-in begin again.
func (flow *Flow) forget() { flow.Progress = Progress{Email: flow.Email} }
