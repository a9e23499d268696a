package api

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/curfew-id/curfew/internal/id"
)

// Page is which part of a list is asked for.
type Page struct {
	Limit         int    `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"How many to return at most"`
	StartingAfter string `query:"starting_after" maxLength:"400" doc:"The next_cursor of the page before"`
}

// Created is a span of time.
type Created struct {
	Since int64 `query:"since" minimum:"0" maximum:"9999999999999" doc:"Not before, in milliseconds since 1970"`
	Until int64 `query:"until" minimum:"0" maximum:"9999999999999" doc:"Before, in milliseconds since 1970"`
}

// bounds are the instants of a span; zero where it is open.
func (c Created) bounds() (since, until time.Time, err error) {
	if c.Since != 0 {
		since = time.UnixMilli(c.Since)
	}
	if c.Until != 0 {
		if until = time.UnixMilli(c.Until); c.Until <= c.Since {
			err = badField("query", "until", "must be behind since")
		}
	}
	return since, until, err
}

// List is a page of a list.
type List[T any] struct {
	Object     string  `json:"object" enum:"list"`
	Data       []T     `json:"data"`
	HasMore    bool    `json:"has_more"`
	NextCursor *string `json:"next_cursor" doc:"What to pass as starting_after for the next page; null on the last one"`
}

// eitherWay is what a filter of true or false says; nil where it is not sent.
func eitherWay(s string) *bool {
	if s == "" {
		return nil
	}
	yes := s == "true"
	return &yes
}

// after is the id that the page begins behind, of a kind, "" where a list goes by names. A cursor holds nothing but what the
// caller has been shown, so one that was made up opens nothing; one of another list is refused, since it would end a walk
// early without a word.
func (p Page) after(kind string) (string, error) {
	if p.StartingAfter == "" {
		return "", nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(p.StartingAfter)
	if err != nil || !plausible(string(b)) || kind != "" && !isA(kind, string(b)) {
		return "", badCursor()
	}
	return string(b), nil
}

func badCursor() *Problem {
	return badField("query", "starting_after", "is not a cursor that this list gave")
}

// listed makes a page of rows, of which one more than the page holds was asked for.
func listed[R, T any](rows []R, limit int, idOf func(R) string, show func(R) T) *listOutput[T] {
	out := &listOutput[T]{Body: List[T]{Object: "list", Data: []T{}}}
	if len(rows) > limit {
		rows = rows[:limit]
		cursor := base64.RawURLEncoding.EncodeToString([]byte(idOf(rows[limit-1])))
		out.Body.HasMore, out.Body.NextCursor = true, &cursor
	}
	for _, r := range rows {
		out.Body.Data = append(out.Body.Data, show(r))
	}
	return out
}

// listedPartly is listed where only so many rows were looked at: a page that is not full is not the last one while there is a
// further to go on from.
func listedPartly[R, T any](rows []R, further string, limit int, idOf func(R) string, show func(R) T) *listOutput[T] {
	out := listed(rows, limit, idOf, show)
	if !out.Body.HasMore && further != "" {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(further))
		out.Body.HasMore, out.Body.NextCursor = true, &cursor
	}
	return out
}

type listOutput[T any] struct{ Body List[T] }

// plausible tells whether s could be an id at all, so that nothing else is sent to the database: NUL, for one, is no text
// there.
func plausible(s string) bool {
	return s != "" && len(s) <= 200 && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isA tells whether s is the id of a thing of the kind; to the caller any other is as unknown as one that is not there.
func isA(kind, s string) bool {
	_, err := id.Bytes(kind, s)
	return err == nil
}
