package claims

import (
	"context"
	"slices"

	"github.com/curfew-id/curfew/storage"
)

// DryRun is what a template would make of some users. Sizes are those of its claims, in bytes.
type DryRun struct {
	Users         int
	P50, P99, Max int
	Bound         int    // no user can pass it
	TooLarge      int    // values that were left out for their size
	LargestUserID string // whose claims are the largest
	Largest       []byte // these claims, as a JSON object
}

// DryRun renders the JSON of a template over up to n users at random, or returns a *Fault.
func (t *Templates) DryRun(ctx context.Context, source []byte, n int, s *Session) (*DryRun, error) {
	template, err := Parse(source)
	if err != nil {
		return nil, err
	}
	users, err := t.store.SampleUsers(ctx, n)
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(users))
	for i, u := range users {
		ids[i] = u.ID
	}
	list, err := t.store.IdentifiersOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	foundBy := map[string][]*storage.Identifier{}
	for _, i := range list {
		foundBy[i.UserID] = append(foundBy[i.UserID], i)
	}
	d := &DryRun{Users: len(users), Bound: template.Bound()}
	sizes := make([]int, 0, len(users))
	for _, row := range users {
		bound := template.Bind(userOf(row, foundBy[row.ID]))
		members := bound.Append(nil, s)
		d.TooLarge += bound.TooLarge
		sizes = append(sizes, len(members))
		if d.Largest == nil || len(members) > d.Max {
			d.Max, d.LargestUserID, d.Largest = len(members), row.ID, append(append([]byte{'{'}, members...), '}')
		}
	}
	slices.Sort(sizes)
	if len(sizes) > 0 {
		d.P50, d.P99 = sizes[(len(sizes)-1)/2], sizes[(len(sizes)-1)*99/100]
	}
	return d, nil
}
