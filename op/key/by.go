package key

import "context"

type byKey struct{}

// WithBy says in a context who asks for a rotation, for the audit; otherwise it is Options.By.
func WithBy(ctx context.Context, by string) context.Context {
	return context.WithValue(ctx, byKey{}, by)
}

func byOf(ctx context.Context) string {
	by, _ := ctx.Value(byKey{}).(string)
	return by
}
