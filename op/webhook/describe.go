package webhook

import (
	"context"
	"encoding/json"

	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// describe is the document of a user as the management API shows it, and apart from it their private metadata.
func (d Documents) describe(ctx context.Context, tx *storage.Store, userID string) (doc map[string]json.RawMessage, private string, err error) {
	users := user.New(tx, nil)
	p, err := users.Person(ctx, userID)
	if err != nil {
		return nil, "", err
	}
	list, err := users.Describe(ctx, p)
	if err != nil {
		return nil, "", err
	}
	return split(d.User(list[0]))
}
