package token_test

import (
	"encoding/base64"
	"errors"
	"math"
	"testing"
	"time"

	"github.com/curfew-id/curfew/internal/clock"
	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/token"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// tokens need neither keys nor a database to take a refresh token apart: that is the point.
func tokens(master byte) *token.Tokens {
	key := make([]byte, 32)
	key[0] = master
	return token.New("https://id.example.com", nil, nil, clock.NewFake(start), key)
}

func TestRefreshTokenSaysWhatItWasMadeOf(t *testing.T) {
	x := tokens(1)
	for _, generation := range []int64{0, 1, 255, 1 << 40, math.MaxInt64} {
		userID, familyID := id.New(id.User), id.New(id.Family)
		s, err := x.Refresh(userID, familyID, generation)
		if err != nil {
			t.Fatal(err)
		}
		u, f, g, err := x.ParseRefresh(s)
		if err != nil || u != userID || f != familyID || g != generation {
			t.Errorf("%s %s %d %v", u, f, g, err)
		}
		// Under another key it is nothing: a leaked database makes none.
		if _, _, _, err := tokens(2).ParseRefresh(s); !errors.Is(err, token.ErrForged) || !errors.Is(err, token.ErrRefused) {
			t.Errorf("another key: %v", err)
		}
	}
	for _, bad := range [][2]string{{"", id.New(id.Family)}, {id.New(id.User), "fam_x"}, {id.New(id.Family), id.New(id.User)}} {
		if s, err := x.Refresh(bad[0], bad[1], 1); err == nil {
			t.Errorf("%v became %s", bad, s)
		}
	}
}

// FuzzParseRefresh: whatever is accepted is byte for byte what we would write.
func FuzzParseRefresh(f *testing.F) {
	x := tokens(1)
	good, err := x.Refresh(id.FromBytes(id.User, [16]byte{1}), id.FromBytes(id.Family, [16]byte{2}), 7)
	if err != nil {
		f.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		f.Fatal(err)
	}
	raw[0] = 2
	for _, s := range []string{good, good + "A", good[1:], good + "=", good[:10] + "\n" + good[10:], good[:75] + "\n", "", "x",
		base64.RawURLEncoding.EncodeToString(raw)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, fam, g, err := x.ParseRefresh(s)
		if err != nil {
			if !errors.Is(err, token.ErrForged) || u != "" || fam != "" || g != 0 {
				t.Fatalf("%q: %s %s %d %v", s, u, fam, g, err)
			}
			return
		}
		if again, err := x.Refresh(u, fam, g); err != nil || again != s {
			t.Fatalf("%q is %q, %v", s, again, err)
		}
	})
}
