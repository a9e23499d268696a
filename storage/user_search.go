package storage

import (
	"context"
	"slices"

	"github.com/uptrace/bun"
)

// UserSearch narrows a list of users for people who look for somebody. Zero values do not.
type UserSearch struct {
	Prefix string // of an e-mail address or of a name; case counts for nothing
	Status string
	Role   string
	After  string // id to start behind; not with Prefix
	Limit  int
}

// lastRune comes behind every other, so that prefix and lastRune bound what begins with the prefix.
const lastRune = "\U0010FFFF"

// FindUsers returns users, the newest first. With a prefix they come by address and then by name, and there is no more than
// one page of them: whoever looks for somebody types another letter.
func (s *Store) FindUsers(ctx context.Context, f UserSearch) (list []*User, err error) {
	if f.Prefix == "" {
		q := f.narrow(s.db.NewSelect().Model(&list).ModelTableExpr("users AS u")).OrderExpr("u.id DESC")
		if f.After != "" {
			q = q.Where("u.id < ?", f.After)
		}
		return list, wrap(q.Scan(ctx), "list users")
	}
	end := f.Prefix + lastRune
	byEmail := f.narrow(s.db.NewSelect().Model(&list).ModelTableExpr("identifiers AS i").
		Join("JOIN users AS u ON u.id = i.user_id")).OrderExpr(`i.value COLLATE "C"`).
		Where(`i.kind = 'email' AND i.value COLLATE "C" >= lower(?) AND i.value COLLATE "C" < lower(?)`, f.Prefix, end)
	if err := byEmail.Scan(ctx); err != nil {
		return nil, wrap(err, "find users by address")
	}
	var named []*User
	byName := f.narrow(s.db.NewSelect().Model(&named).ModelTableExpr("users AS u")).OrderExpr(`lower(u.name) COLLATE "C"`).
		Where(`lower(u.name) COLLATE "C" >= lower(?) AND lower(u.name) COLLATE "C" < lower(?)`, f.Prefix, end)
	if err := byName.Scan(ctx); err != nil {
		return nil, wrap(err, "find users by name")
	}
	for _, u := range named {
		if !slices.ContainsFunc(list, func(have *User) bool { return have.ID == u.ID }) {
			list = append(list, u)
		}
	}
	return list[:min(int64(len(list)), limit(f.Limit))], nil
}

func (f UserSearch) narrow(q *bun.SelectQuery) *bun.SelectQuery {
	if f.Status != "" {
		q = q.Where("u.status = ?", f.Status)
	}
	if f.Role != "" {
		q = q.Where("u.role = ?", f.Role)
	}
	return q.ColumnExpr("u.*").Limit(limit(f.Limit))
}
