package user_test

import (
	"errors"
	"testing"

	"github.com/curfew-id/curfew/op/user"
)

func TestAddressesThatLookLikeOthers(t *testing.T) {
	for _, typed := range []string{"a\u202eb@example.com", "ad\u200bmin@example.com", "admin\u2060@example.com", "\ufeffadmin@example.com", "ad\u00admin@example.com",
		"admin\u200d@example.com", "a\u2028b@example.com", "a\ue000@example.com", "a b@example.com", "a\x00@example.com", "a\n@example.com"} {
		if got, err := user.NormalizeEmail(typed); !errors.Is(err, user.ErrEmail) {
			t.Errorf("%q is %q, %v", typed, got, err)
		}
	}
	for typed, want := range map[string]string{" Jörg.Ämter+x@Bücher.example.com ": "jörg.ämter+x@xn--bcher-kva.example.com", "用户@example.com": "用户@example.com",
		"दादी@example.com": "दादी@example.com", "o'brien_1@example.com": "o'brien_1@example.com"} {
		if got, err := user.NormalizeEmail(typed); err != nil || got != want {
			t.Errorf("%q is %q, %v", typed, got, err)
		}
	}
}
