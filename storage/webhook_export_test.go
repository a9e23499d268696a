package storage

import (
	"context"
	"fmt"
	"strings"

	"github.com/uptrace/bun"
)

// ExplainClaim is how the database goes about ClaimDeliveries, a step a line.
func ExplainClaim(ctx context.Context, s *Store, c DeliveryClaim) (string, error) {
	explain, column := "EXPLAIN ", "QUERY PLAN"
	if _, embedded := s.dialect.(*sqlite); embedded {
		explain, column = "EXPLAIN QUERY PLAN ", "detail"
	}
	var rows []map[string]any
	err := s.db.NewRaw(explain+s.dialect.claimDeliveries(), c.Kind, At(c.Now), At(c.Until), bun.List([]string{""}), c.PerReceiver, c.Limit).
		Scan(ctx, &rows)
	lines := make([]string, len(rows))
	for i, r := range rows {
		if b, ok := r[column].([]byte); ok {
			r[column] = string(b)
		}
		lines[i] = fmt.Sprint(r[column])
	}
	return strings.Join(lines, "\n"), err
}
