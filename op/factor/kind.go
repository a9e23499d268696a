package factor

// Kind is a way to prove who one is. The values are stored.
type Kind string

// The kinds of factor.
const (
	KindPassword Kind = "password"
	KindEmail    Kind = "email"    // a code sent to a verified address
	KindSMS      Kind = "sms"      // a code sent to a verified number
	KindTOTP     Kind = "totp"     // RFC 6238
	KindRecovery Kind = "recovery" // one of ten codes kept on paper
)
