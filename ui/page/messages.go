package page

// Faults of a field or a form, for Errors.
const (
	Required          Key = "fault.required"
	EmailMalformed    Key = "fault.email_malformed"
	EmailTaken        Key = "fault.email_taken" // on the account page only: sign-up never tells
	NameTooLong       Key = "fault.name_too_long"
	PhoneMalformed    Key = "fault.phone_malformed"
	PasswordWrong     Key = "fault.password_wrong"         // also when there is no such account
	CurrentWrong      Key = "fault.current_password_wrong" // of a person who is signed in
	PasswordTooShort  Key = "fault.password_too_short"     // {0}: least number of characters
	PasswordTooLong   Key = "fault.password_too_long"      // {0}: greatest number of characters
	PasswordCommon    Key = "fault.password_common"
	PasswordBreached  Key = "fault.password_breached"
	PasswordPersonal  Key = "fault.password_personal" // contains the e-mail address or the name
	PasswordUnchanged Key = "fault.password_unchanged"
	CodeMalformed     Key = "fault.code_malformed"
	CodeWrong         Key = "fault.code_wrong"
	CodeExpired       Key = "fault.code_expired"
	CodeUsed          Key = "fault.code_used"      // a TOTP step or recovery code presented again
	CodeTries         Key = "fault.code_tries"     // no tries left, a new code is needed
	TooManyTries      Key = "fault.too_many_tries" // {0}: seconds until the next try
	SendFailed        Key = "fault.send_failed"
	TooManySessions   Key = "fault.too_many_sessions" // signed in on as many devices as is allowed
	TryAgain          Key = "fault.try_again"
)

// Notices, for Base.Notice.
const (
	SignInAgain      Key = "notice.sign_in_again"     // the client asked for prompt=login or max_age
	StrongerSignIn   Key = "notice.stronger_sign_in"  // the client asked by acr_values
	CodeSentAgain    Key = "notice.code_sent_again"   //
	EmailVerified    Key = "notice.email_verified"    //
	PasswordChanged  Key = "notice.password_changed"  //
	ProfileSaved     Key = "notice.profile_saved"     //
	VerificationSent Key = "notice.verification_sent" // {0}: the address
	TOTPAdded        Key = "notice.totp_added"        //
	PhoneAdded       Key = "notice.phone_added"       //
	EmailCodeOn      Key = "notice.email_code_on"     //
	FactorRemoved    Key = "notice.factor_removed"    //
	AppWithdrawn     Key = "notice.app_withdrawn"     // {0}: the app's name
	SessionEndedHere Key = "notice.device_signed_out" // a session was ended on the sessions page
	OthersEnded      Key = "notice.others_signed_out" // all other sessions were ended
	AccountForgotten Key = "notice.account_forgotten" // removed from the list of accounts
)

// Labels of the way back on the Error page.
const (
	BackToSignIn  Key = "back.sign_in"
	BackToAccount Key = "back.account"
	BackToApp     Key = "back.app"
	BackHome      Key = "back.home"
	StartOver     Key = "back.start_over"
	OtherAccount  Key = "back.other_account"
	LookAgain     Key = "back.look_again"
)

// Keys lists every key of this file: the texts that handlers name.
func Keys() []Key {
	return []Key{
		Required, EmailMalformed, EmailTaken, NameTooLong, PhoneMalformed, PasswordWrong, CurrentWrong, PasswordTooShort,
		PasswordTooLong, PasswordCommon, PasswordBreached, PasswordPersonal, PasswordUnchanged, CodeMalformed,
		CodeWrong, CodeExpired, CodeUsed, CodeTries, TooManyTries, SendFailed, TooManySessions, TryAgain,
		SignInAgain, StrongerSignIn, CodeSentAgain, EmailVerified, PasswordChanged,
		ProfileSaved, VerificationSent, TOTPAdded, PhoneAdded, EmailCodeOn, FactorRemoved, AppWithdrawn,
		SessionEndedHere, OthersEnded, AccountForgotten,
		BackToSignIn, BackToAccount, BackToApp, BackHome, StartOver, OtherAccount, LookAgain,
	}
}
