package factor

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAMRAndACR(t *testing.T) {
	for _, c := range []struct {
		proved []Kind
		amr    []string
		acr    string
	}{
		{nil, []string{}, ""},
		{[]Kind{"telepathy"}, []string{}, ""},
		{[]Kind{KindPassword}, []string{"pwd"}, ACRSingle},
		{[]Kind{KindEmail}, []string{"otp"}, ACRSingle},
		{[]Kind{KindSMS}, []string{"sms"}, ACRSingle},
		{[]Kind{KindTOTP, KindRecovery}, []string{"otp"}, ACRSingle},
		{[]Kind{KindPassword, KindPassword}, []string{"pwd"}, ACRSingle},
		{[]Kind{KindPassword, KindTOTP}, []string{"pwd", "otp", "mfa"}, ACRMulti},
		{[]Kind{KindPassword, KindSMS}, []string{"pwd", "sms", "mfa"}, ACRMulti},
		{[]Kind{KindPassword, KindRecovery}, []string{"pwd", "otp", "mfa"}, ACRMulti},
		{[]Kind{KindEmail, KindTOTP}, []string{"otp", "mfa"}, ACRMulti},
		{[]Kind{KindEmail, KindSMS}, []string{"otp", "sms", "mfa"}, ACRMulti},
		{[]Kind{KindPassword, KindEmail, KindTOTP}, []string{"pwd", "otp", "mfa"}, ACRMulti},
		{[]Kind{KindPassword, KindEmail}, []string{"pwd", "otp"}, ACRMulti}, // the mailbox resets the password
	} {
		if diff := cmp.Diff(c.amr, AMR(c.proved...)); diff != "" {
			t.Errorf("AMR(%v): %s", c.proved, diff)
		}
		if got := ACR(c.proved...); got != c.acr {
			t.Errorf("ACR(%v) = %q, want %q", c.proved, got, c.acr)
		}
	}
}

func TestSatisfies(t *testing.T) {
	for _, c := range []struct {
		acr, requested string
		want           bool
	}{
		{ACRSingle, ACRSingle, true}, {ACRMulti, ACRSingle, true}, {ACRMulti, ACRMulti, true},
		{ACRSingle, ACRMulti, false}, {"", ACRSingle, false}, {"made up", ACRSingle, false},
		{ACRMulti, "made up", false}, {"", "", false},
	} {
		if got := Satisfies(c.acr, c.requested); got != c.want {
			t.Errorf("Satisfies(%q, %q) = %t", c.acr, c.requested, got)
		}
	}
}

func TestRequired(t *testing.T) {
	for want, requested := range map[string][]string{
		"": {"made up"}, ACRMulti: {"made up", ACRMulti, ACRSingle}, ACRSingle: {ACRSingle, ACRMulti},
	} {
		if got := Required(requested); got != want {
			t.Errorf("Required(%v) = %q, want %q", requested, got, want)
		}
	}
}

func TestSecondFactors(t *testing.T) {
	has := []Kind{KindPassword, KindEmail, KindTOTP, KindRecovery}
	if diff := cmp.Diff([]Kind{KindEmail, KindTOTP, KindRecovery}, SecondFactors([]Kind{KindPassword}, has)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Kind{KindPassword, KindTOTP, KindRecovery}, SecondFactors([]Kind{KindEmail}, has)); diff != "" {
		t.Error(diff)
	}
}
