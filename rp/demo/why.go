package demo

// why says to a person how their session ended, by the provider's word for it.
func why(reason string) string {
	if s, ok := reasons[reason]; ok {
		return s
	}
	return "Your session has ended."
}

var reasons = map[string]string{
	"signed_out":           "You have signed out at curfew.",
	"revoked":              "Your session was ended on another device or by an administrator.",
	"replaced":             "You were signed out because your account was used on another device.",
	"expired":              "Your session had lasted as long as it may.",
	"idle":                 "Your session ended because nobody used it.",
	"password_changed":     "Your session ended because your password was changed.",
	"user_disabled":        "Your session ended because the account was closed.",
	"user_deleted":         "Your session ended because the account was deleted.",
	"consent_withdrawn":    "Your session ended because you withdrew the consent for this app.",
	"refresh_token_reused": "Your session was ended because one of its tokens was used twice, as if somebody had copied it.",
	"code_reused":          "Your session was ended because its sign-in was used twice, as if somebody had copied it.",
	"ended_with_others":    "All sessions of your account were ended.",
	"ended_with_client":    "All sessions with this app were ended.",
	"ended_with_all":       "All sessions at curfew were ended.",
	"device_forgotten":     "Your session ended because this device was removed from your account.",
}
