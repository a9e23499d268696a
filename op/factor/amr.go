package factor

import "slices"

// The two values of acr (doc.go says what they promise).
const (
	ACRSingle = "urn:curfew:acr:1"
	ACRMulti  = "urn:curfew:acr:2"
)

// ACRValues are the values this server knows, weakest first, as discovery publishes them (acr_values_supported).
var ACRValues = []string{ACRSingle, ACRMulti}

// amrValues are of the registry that RFC 8176 set up. A code by mail and a recovery code have no value of their own
// there; both are passwords for one use.
var amrValues = map[Kind]string{
	KindPassword: "pwd",
	KindEmail:    "otp",
	KindSMS:      "sms",
	KindTOTP:     "otp",
	KindRecovery: "otp",
}

// amrMulti says that the proofs are multi-factor authentication. RFC 8176 2 takes what that is from NIST SP 800-63, for which
// a code by mail is no factor (MultiFactor): a password and a code by mail are "pwd otp" and nothing more.
const amrMulti = "mfa"

// channel is what has to be stolen. Recovery codes replace the authenticator, so they share its channel.
func (k Kind) channel() Kind {
	if k == KindRecovery {
		return KindTOTP
	}
	return k
}

// AMR returns the amr claim (OpenID Connect Core 2) of the factors that were proved, in the order they were, without
// doubles; "mfa" comes last when they are two factors also against whoever has the mailbox.
func AMR(proved ...Kind) []string {
	amr := []string{}
	for _, k := range proved {
		if v := amrValues[k]; v != "" && !slices.Contains(amr, v) {
			amr = append(amr, v)
		}
	}
	if MultiFactor(proved...) {
		amr = append(amr, amrMulti)
	}
	return amr
}

// ACR returns the acr claim of the factors that were proved: "" for none.
func ACR(proved ...Kind) string {
	switch channels(proved) {
	case 0:
		return ""
	case 1:
		return ACRSingle
	default:
		return ACRMulti
	}
}

func channels(proved []Kind) int {
	seen := map[Kind]bool{}
	for _, k := range proved {
		if amrValues[k] != "" {
			seen[k.channel()] = true
		}
	}
	return len(seen)
}

// Satisfies reports whether a session with this acr is good enough for the requested one. A stronger one satisfies a
// weaker request; a value this server does not know is satisfied by none.
func Satisfies(acr, requested string) bool {
	want := slices.Index(ACRValues, requested)
	return want >= 0 && slices.Index(ACRValues, acr) >= want
}

// Required picks from acr_values (OpenID Connect Core 3.1.2.1: in order of preference, voluntary) the first one known
// here; "" if there is none, which as a voluntary request asks for nothing.
func Required(requested []string) string {
	for _, v := range requested {
		if slices.Contains(ACRValues, v) {
			return v
		}
	}
	return ""
}

// SecondFactors returns the factors among has that lift the proved ones to ACRMulti, in the order of has.
func SecondFactors(proved, has []Kind) (list []Kind) {
	for _, k := range has {
		if channels(append(slices.Clone(proved), k)) > channels(proved) {
			list = append(list, k)
		}
	}
	return list
}
