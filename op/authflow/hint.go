package authflow

import (
	"context"
	"slices"

	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// hintsElsewhere tells that the client expects another person than the one who is signed in (login_hint, Core 3.1.2.1). Then
// the person chooses among the accounts of the browser; to switch without a word would let any link change who somebody
// is. Whether the address is anybody's plays no part, so nothing is told about it. A hint that is no address says nothing.
func (f *Flows) hintsElsewhere(ctx context.Context, flow *Flow, current *session.Current) (bool, error) {
	if flow.LoginHint == "" || flow.Chosen || flow.Fresh {
		return false, nil
	}
	email, err := user.NormalizeEmail(flow.LoginHint)
	if err != nil {
		return false, nil
	}
	list, err := f.store.Identifiers(ctx, current.UserID)
	return !slices.ContainsFunc(list, func(i *storage.Identifier) bool {
		return i.Kind == storage.IdentifierEmail && i.Value == email
	}), err
}
