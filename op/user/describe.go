package user

import (
	"context"

	"github.com/curfew-id/curfew/storage"
)

// Described is a person with all that the documents of them say.
type Described struct {
	*Person
	Factors []*storage.Factor // without their secrets
}

// Describe completes people, by one statement however many there are.
func (u *Users) Describe(ctx context.Context, people ...*Person) ([]*Described, error) {
	list, by, ids := make([]*Described, len(people)), map[string]*Described{}, make([]string, len(people))
	for i, p := range people {
		list[i], ids[i] = &Described{Person: p}, p.ID
		by[p.ID] = list[i]
	}
	factors, err := u.store.FactorsOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, f := range factors {
		by[f.UserID].Factors = append(by[f.UserID].Factors, f)
	}
	return list, nil
}
