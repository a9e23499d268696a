package page

// Method is a way to prove who one is.
type Method string

// The methods that pages can offer.
const (
	MethodPassword  Method = "password"
	MethodEmailCode Method = "email_code"
	MethodSMSCode   Method = "sms_code"
	MethodTOTP      Method = "totp"
	MethodRecovery  Method = "recovery_code"
)

// Methods lists every Method, in the order in which pages offer them.
func Methods() []Method {
	return []Method{MethodPassword, MethodTOTP, MethodEmailCode, MethodSMSCode, MethodRecovery}
}

// Alternative is another way to go on with a sign-in. It is a form of its own:
// choosing it may send a code, so it must not be a link.
type Alternative struct {
	Method Method // posted as field "method"
	Action string // where the choice posts to
	Hint   string // where a code would go, already masked: "u•••@example.com"
}
