package api

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/curfew-id/curfew/op/user"
)

// FuzzImportLine: whatever a stream holds, each of its lines is one user or one refusal, whose words can be stored and told.
func FuzzImportLine(f *testing.F) {
	for _, s := range []string{`{"email":"a@example.com","external_id":"1","name":"Ann","locale":"de"}`, `{"email":"a@example.com","email":"b"}`,
		`{"email":1}`, `{"public_metadata":{"a":[1e400]}}`, "{}\n{}\r\n\n", `[`, strings.Repeat("[", 100), `{"email":"\u0000"}`, `{"external_id":"\u0000"}`,
		`{"role":"owner"}`, `{"session_limit":1e3}`, `{"private_metadata":null,"unsafe_metadata":[]}`, "\xff\xfe",
		`{"password_hash":"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"}`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		in := bufio.NewReaderSize(strings.NewReader(s), maxImportLine)
		for n := int64(1); ; n++ {
			raw, long, err := nextLine(in)
			l := readImportLine(context.Background(), n, raw, long)
			switch r := l.Refused; {
			case l.Number != n:
				t.Fatalf("line %d is %d", n, l.Number)
			case r != nil && (r.Detail == "" || !storable(r.Field) || !storable(r.Detail)):
				t.Fatalf("refused with %q: %q", r.Field, r.Detail)
			case r == nil && (l.User.Role != "" || !storable(l.ExternalID) || !storable(l.User.Name) || len(l.User.PublicMetadata) > user.MaxMetadata ||
				!strings.HasPrefix(l.User.PublicMetadata, "{") || !strings.HasPrefix(l.User.PrivateMetadata, "{") || !strings.HasPrefix(l.User.UnsafeMetadata, "{")):
				t.Fatalf("took %+v", l.User)
			}
			if err == io.EOF {
				return
			}
		}
	})
}

// storable is what PostgreSQL takes for text.
func storable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0) && len(s) < 1000
}
