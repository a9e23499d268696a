package webhook_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/curfew-id/curfew/op/webhook"
)

// The vector that the reference libraries of Standard Webhooks are tested with.
func TestSignatureVector(t *testing.T) {
	s, err := webhook.ParseSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := s.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// An ed25519 signature is one over the same text, and the public key that is shown verifies it.
func TestAsymmetricSignature(t *testing.T) {
	s := webhook.NewSecret(webhook.Ed25519)
	if !strings.HasPrefix(s.String(), "whsk_") {
		t.Errorf("%.5s", s.String())
	}
	again, err := webhook.ParseSecret(s.String())
	if err != nil {
		t.Fatal(err)
	}
	encoded, ok := strings.CutPrefix(s.Public(), "whpk_")
	public, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || len(public) != ed25519.PublicKeySize {
		t.Fatalf("%s: %v", s.Public(), err)
	}
	encoded, ok = strings.CutPrefix(again.Sign("msg_1", time.Unix(1614265330, 0), []byte(`{}`)), "v1a,")
	signature, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || !ed25519.Verify(public, []byte("msg_1.1614265330.{}"), signature) {
		t.Errorf("%s does not verify: %v", encoded, err)
	}
}

func TestSecretsHaveTheSpecifiedForm(t *testing.T) {
	of := func(prefix string, n int) string { return prefix + base64.StdEncoding.EncodeToString(make([]byte, n)) }
	for s, good := range map[string]bool{of("whsec_", 23): false, of("whsec_", 24): true, of("whsec_", 64): true, of("whsec_", 65): false,
		of("", 32): false, of("whsk_", 64): true, of("whsk_", 32): false, of("whpk_", 32): false, "whsec_": false, "": false,
		of("whsec_", 32) + "\n": false} {
		if _, err := webhook.ParseSecret(s); (err == nil) != good || err != nil && !errors.Is(err, webhook.ErrSecret) {
			t.Errorf("%q: %v", s, err)
		}
	}
	a, b := webhook.NewSecret(webhook.HMAC), webhook.NewSecret(webhook.HMAC)
	if back, err := webhook.ParseSecret(a.String()); err != nil || back.String() != a.String() || a.String() == b.String() || a.Public() != "" {
		t.Errorf("%v", err)
	}
}
