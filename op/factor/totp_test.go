package factor

import (
	"bytes"
	"encoding/base32"
	"image/png"
	"net/url"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// RFC 6238 appendix B, SHA-1, the last six of its eight digits.
func TestMatchTOTPOfTheRFC(t *testing.T) {
	seed := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte("12345678901234567890"))
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471",
		1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if step, ok := matchTOTP(seed, code, time.Unix(at, 0), 0); !ok || step != at/30 {
			t.Errorf("at %d: step %d, %t", at, step, ok)
		}
	}
}

func TestMatchTOTPWindowAndReplay(t *testing.T) {
	key := newTOTPKey("Example", "user@example.com")
	now := time.Unix(1_900_000_015, 0)
	current := totpStep(now)
	code := func(step int64) string {
		c, err := totp.GenerateCode(key.Seed, time.Unix(step*30, 0))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, c := range []struct {
		name       string
		step, last int64
		ok         bool
	}{
		{"current", current, 0, true}, {"previous", current - 1, 0, true},
		{"two ago", current - 2, 0, false}, {"next", current + 1, 0, false},
		{"used", current, current, false}, {"previous after current", current - 1, current, false},
		{"current after previous", current, current - 1, true}, {"previous used", current - 1, current - 1, false},
	} {
		if step, ok := matchTOTP(key.Seed, code(c.step), now, c.last); ok != c.ok || ok && step != c.step {
			t.Errorf("%s: %d, %t", c.name, step, ok)
		}
	}
	if _, ok := matchTOTP("not base32!", code(current), now, 0); ok {
		t.Error("a broken seed matched")
	}
}

func TestTOTPKeyIsReadByAuthenticators(t *testing.T) {
	key := newTOTPKey("Example & Söhne", "user@example.com")
	u, err := url.Parse(key.URI)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Example & Söhne:user@example.com" ||
		q.Get("issuer") != "Example & Söhne" || q.Get("secret") != key.Seed || q.Get("algorithm") != "SHA1" ||
		q.Get("digits") != "6" || q.Get("period") != "30" {
		t.Errorf("uri %s", key.URI)
	}
	if raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(key.Seed); err != nil || len(raw) != 20 {
		t.Errorf("seed of %d bytes, %v", len(raw), err)
	}
	picture, err := key.QR()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	dark := func(x, y int) bool { r, _, _, _ := img.At(x, y).RGBA(); return r == 0 }
	edge := qrQuiet * qrModule
	if w := img.Bounds().Dx(); w != img.Bounds().Dy() || w < 150 || w > 400 {
		t.Errorf("picture is %v", img.Bounds())
	}
	// The finder pattern's corner stands at the inner edge of the quiet zone.
	if dark(edge-1, edge) || dark(edge, edge-1) || !dark(edge, edge) || dark(0, 0) {
		t.Error("no quiet zone around the code")
	}
	// A finder pattern in three corners: 1 dark, 1 light, 3 dark, 1 light, 1 dark through its middle (ISO/IEC 18004 6.3.3).
	side := img.Bounds().Dx()/qrModule - 2*qrQuiet
	for _, corner := range [][2]int{{0, 0}, {side - 7, 0}, {0, side - 7}} {
		for i, want := range []bool{true, false, true, true, true, false, true} {
			at := func(x, y int) bool { return dark(edge+(corner[0]+x)*qrModule+1, edge+(corner[1]+y)*qrModule+1) }
			if at(i, 3) != want || at(3, i) != want {
				t.Errorf("no finder pattern at %v", corner)
			}
		}
	}
}
