package storage

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// UserSearch narrows a list of users for people who look for somebody. Zero values do not.
type UserSearch struct {
	// Text is how an e-mail address, a phone number, a name or a family name begins, where case counts for nothing; or a whole
	// external id.
	Text         string
	Status       string
	Role         string
	SecondFactor string // "yes" or "no": something beside a password and codes by mail
	Since        time.Time
	Before       time.Time // last signed in at or after Since, and before Before or never
	After        string    // id to start behind; not with Text
	Limit        int
}

// lastRune comes behind every other, so that prefix and lastRune bound what begins with the prefix.
const lastRune = "\U0010FFFF"

// usersLookedAt bounds how many users one search looks at for what has no index of its own.
const usersLookedAt = 10_000

// calledLookedAt bounds the same for each way in which somebody may be called: a letter more finds fewer. So few PostgreSQL fetches
// by the index; of twice as many it thinks that reading all of 100,000 users is no more work.
const calledLookedAt = 500

// FindUsers returns users, the newest first. With a text they come by address, phone number, name and family name, and there is no
// more than one page of them: whoever looks for somebody types another letter. Where only so many were looked at, further is the id
// behind which to go on.
func (s *Store) FindUsers(ctx context.Context, f UserSearch) (list []*User, further string, err error) {
	if f.Text != "" {
		list, err = s.usersCalled(ctx, f)
		return list, "", err
	}
	newest := func(q *bun.SelectQuery) *bun.SelectQuery {
		q = f.indexed(q.ModelTableExpr("users AS u")).OrderExpr("u.id DESC")
		if f.After != "" {
			q = q.Where("u.id < ?", f.After)
		}
		return q
	}
	if !f.slow() {
		err = newest(s.db.NewSelect().Model(&list)).ColumnExpr("u.*").Limit(limit(f.Limit)).Scan(ctx)
		return list, "", wrap(err, "list users")
	}
	looked := newest(s.db.NewSelect().Model((*User)(nil))).ColumnExpr("u.id, u.last_sign_in_at").Limit(usersLookedAt)
	var ids []string
	err = f.looked(s.db.NewSelect().With("looked", looked).TableExpr("looked AS u").ColumnExpr("u.id")).OrderExpr("u.id DESC").
		Limit(limit(f.Limit)).Scan(ctx, &ids)
	if err != nil {
		return nil, "", wrap(err, "list users")
	}
	if int64(len(ids)) < limit(f.Limit) {
		err = newest(s.db.NewSelect().Model((*User)(nil))).ColumnExpr("u.id").Offset(usersLookedAt-1).Limit(1).Scan(ctx, &further)
		if err = found(err, "list users"); errors.Is(err, ErrNotFound) {
			further, err = "", nil
		}
		if err != nil {
			return nil, "", err
		}
	}
	if len(ids) > 0 {
		err = s.db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Order("id DESC").Scan(ctx)
	}
	return list, further, wrap(err, "list users")
}

// usersCalled looks where there is an index by how something begins, at so many of each at most.
func (s *Store) usersCalled(ctx context.Context, f UserSearch) (list []*User, err error) {
	looks := int64(calledLookedAt)
	if !f.slow() && f.Status == "" && f.Role == "" { // whoever is called so is on the page
		looks = limit(f.Limit)
	}
	between := func(column, text string) *bun.SelectQuery {
		expr := bun.Safe(column + ` COLLATE "C"`)
		return s.db.NewSelect().Where("? >= lower(?) AND ? < lower(?)", expr, text, expr, text+lastRune).OrderExpr("?", expr).Limit(looks)
	}
	identifier := func(kind, text string) *bun.SelectQuery {
		return between("value", text).TableExpr("identifiers").ColumnExpr("user_id AS id, value AS sort").Where("kind = ?", kind)
	}
	ways := []*bun.SelectQuery{identifier(IdentifierEmail, f.Text)}
	if phone := dialled(f.Text); phone != "" {
		ways = append(ways, identifier(IdentifierPhone, phone))
	}
	ways = append(ways, between("lower(name)", f.Text).TableExpr("users").ColumnExpr("id, lower(name) AS sort"),
		between("lower(family_name)", f.Text).TableExpr("users").ColumnExpr("id, lower(family_name) AS sort").Where("family_name <> ''"),
		s.db.NewSelect().TableExpr("users").ColumnExpr("id, external_id AS sort").Where("external_id = ? AND external_id <> ''", f.Text))
	var ids []string
	for _, way := range ways {
		var some []string
		q := s.db.NewSelect().With("called", way).TableExpr("called").ColumnExpr("called.id")
		if f.Status != "" || f.Role != "" || !f.Since.IsZero() || !f.Before.IsZero() {
			// Counted one by one: a join with those to whom it applies may begin by reading all users.
			q = q.Where("(?) > 0", f.seen(f.indexed(s.db.NewSelect().TableExpr("users AS u").ColumnExpr("count(*)").Where("u.id = called.id"))))
		}
		if err := f.secured(q, "called.id").OrderExpr(`called.sort COLLATE "C"`).Limit(limit(f.Limit)).Scan(ctx, &some); err != nil {
			return nil, wrap(err, "find users")
		}
		for _, id := range some {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		if int64(len(ids)) >= limit(f.Limit) {
			ids = ids[:limit(f.Limit)]
			break
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	err = s.db.NewSelect().Model(&list).Where("id IN (?)", bun.List(ids)).Scan(ctx)
	slices.SortFunc(list, func(a, b *User) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return list, wrap(err, "find users")
}

// dialled is a phone number, or how it begins, as they are stored; "" for what is none. Where no country is named, none is guessed.
func dialled(text string) string {
	text = strings.NewReplacer(" ", "", "-", "", "/", "", "(", "", ")", "", ".", "").Replace(text)
	if rest, ok := strings.CutPrefix(text, "00"); ok {
		text = "+" + rest
	}
	if len(text) < 3 || text[0] != '+' || strings.Trim(text[1:], "0123456789") != "" {
		return ""
	}
	return text
}

func (f UserSearch) indexed(q *bun.SelectQuery) *bun.SelectQuery {
	if f.Status != "" {
		q = q.Where("u.status = ?", f.Status)
	}
	if f.Role != "" {
		q = q.Where("u.role = ?", f.Role)
	}
	return q
}

// slow tells that there is something to narrow by that has no index: each sign-in would write it.
func (f UserSearch) slow() bool {
	return f.SecondFactor != "" || !f.Since.IsZero() || !f.Before.IsZero()
}

func (f UserSearch) looked(q *bun.SelectQuery) *bun.SelectQuery { return f.seen(f.secured(q, "u.id")) }

// secured narrows by the second factor. Of those who are looked at it is counted one by one, too.
func (f UserSearch) secured(q *bun.SelectQuery, userID bun.Safe) *bun.SelectQuery {
	const second = `(SELECT count(*) FROM factors AS f WHERE f.user_id = ? AND f.kind IN ('totp', 'sms') AND f.confirmed_at IS NOT NULL)`
	switch f.SecondFactor {
	case "yes":
		q = q.Where(second+" > 0", userID)
	case "no":
		q = q.Where(second+" = 0", userID)
	}
	return q
}

// seen narrows by when somebody last signed in.
func (f UserSearch) seen(q *bun.SelectQuery) *bun.SelectQuery {
	if !f.Since.IsZero() {
		q = q.Where("u.last_sign_in_at >= ?", At(f.Since))
	}
	if !f.Before.IsZero() {
		q = q.Where("(u.last_sign_in_at IS NULL OR u.last_sign_in_at < ?)", At(f.Before))
	}
	return q
}
