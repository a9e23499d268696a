package factor

import (
	"bytes"
	"encoding/base32"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"github.com/curfew-id/curfew/internal/secret"
)

// TOTPPeriod is how long one code counts (RFC 6238 4.1).
const TOTPPeriod = 30 * time.Second

const totpSeedBytes = 20 // RFC 4226 4, R6: 160 bit recommended

var totpOptions = hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1}

// TOTPKey is a seed before its user has confirmed it. It is shown once and kept nowhere but sealed.
type TOTPKey struct {
	FactorID string // to be confirmed
	Seed     string // base32, for those who type it
	URI      string // otpauth://totp/..., for those who open or scan it
}

// newTOTPKey makes a seed. SHA-1, six digits and 30 s because that is what every authenticator understands; several
// ignore the other parameters and show wrong codes.
func newTOTPKey(issuer, account string) TOTPKey {
	seed := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret.Bytes(totpSeedBytes))
	return TOTPKey{Seed: seed, URI: totpURI(issuer, account, seed)}
}

// totpURI writes the key URI format. It is written here because otp.Generate leaves & in an issuer as it is, which
// ends the parameter. Spaces are %20: authenticators show a plus as a plus.
func totpURI(issuer, account, seed string) string {
	// A colon separates issuer and account, so neither may have one.
	issuer, account = strings.ReplaceAll(issuer, ":", " "), strings.ReplaceAll(account, ":", " ")
	query := url.Values{
		"secret": {seed}, "issuer": {issuer}, "algorithm": {totpOptions.Algorithm.String()},
		"digits": {totpOptions.Digits.String()}, "period": {strconv.Itoa(int(TOTPPeriod / time.Second))},
	}
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(account) + "?" +
		strings.ReplaceAll(query.Encode(), "+", "%20")
}

const (
	qrModule = 4 // pixels
	qrQuiet  = 4 // modules of white around, without which scanners fail on a dark page (ISO/IEC 18004 9.1)
)

// QR returns the otpauth URI as a black and white PNG with a quiet zone, about 250 pixels wide.
func (k TOTPKey) QR() ([]byte, error) {
	key, err := otp.NewKeyFromURL(k.URI)
	if err != nil {
		return nil, fmt.Errorf("read otpauth uri: %w", err)
	}
	code, err := smallestQR(key)
	if err != nil {
		return nil, err
	}
	side := code.Bounds().Dx()
	img := image.NewPaletted(image.Rect(0, 0, (side+2*qrQuiet)*qrModule, (side+2*qrQuiet)*qrModule),
		color.Palette{color.White, color.Black})
	for y := range side {
		for x := range side {
			if r, _, _, _ := code.At(code.Bounds().Min.X+x, code.Bounds().Min.Y+y).RGBA(); r == 0 {
				at := image.Pt((x+qrQuiet)*qrModule, (y+qrQuiet)*qrModule)
				draw.Draw(img, image.Rectangle{Min: at, Max: at.Add(image.Pt(qrModule, qrModule))},
					image.NewUniform(color.Black), image.Point{}, draw.Src)
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("encode qr code: %w", err)
	}
	return out.Bytes(), nil
}

// smallestQR asks for every size a QR code can have, 21 to 177 modules, until one fits: then a pixel is a module.
func smallestQR(key *otp.Key) (img image.Image, err error) {
	for side := 21; side <= 177; side += 4 {
		if img, err = key.Image(side, side); err == nil {
			return img, nil
		}
	}
	return nil, fmt.Errorf("draw qr code: %w", err)
}

// totpStep is the number of the period that t falls into (RFC 6238 4.2).
func totpStep(t time.Time) int64 { return t.Unix() / int64(TOTPPeriod/time.Second) }

// matchTOTP returns the step a code belongs to: the current or the one before it (RFC 6238 5.2: one step back for the
// way over the network), and only one after last, since a code counts once.
func matchTOTP(seed, code string, now time.Time, last int64) (step int64, ok bool) {
	current := totpStep(now)
	for _, s := range []int64{current, current - 1} {
		want, err := hotp.GenerateCodeCustom(seed, uint64(s), totpOptions)
		if err != nil {
			return 0, false
		}
		if secret.Equal([]byte(want), []byte(code)) && s > last && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}
