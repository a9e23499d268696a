package page

// Faults of the console's forms.
const (
	NotAccepted      Key = "admin.fault.not_accepted" // {0}: why, as the registry says it
	NotAllowed       Key = "admin.fault.not_allowed"  // {0}: why, as the policy says it
	TooLong          Key = "admin.fault.too_long"     // {0}: greatest number of characters
	ExternalIDTaken  Key = "admin.fault.external_id"  //
	JSONMalformed    Key = "admin.fault.json"         //
	JSONTooLarge     Key = "admin.fault.json_size"    // {0}: greatest number of bytes
	ChangedMeanwhile Key = "admin.fault.changed"      //
	CallbackPath     Key = "admin.fault.callback_path"
	CallbackLoopback Key = "admin.fault.callback_loopback"
	JSONAt           Key = "admin.fault.json_at"     // {0}: line, {1}: column, of what is no JSON
	JSONNoObject     Key = "admin.fault.json_object" // JSON, and no object
	NoDay            Key = "admin.fault.day"         //
	DaysTurned       Key = "admin.fault.days_turned" //
)

// Notices of the console.
const (
	Saved          Key = "admin.notice.saved"
	UserDisabled   Key = "admin.notice.disabled"
	UserEnabled    Key = "admin.notice.enabled"
	ResetMailSent  Key = "admin.notice.reset_sent"
	MailTooOften   Key = "admin.notice.mail_too_often"
	FactorTaken    Key = "admin.notice.factor_removed"
	SessionsEnded  Key = "admin.notice.sessions_ended"
	SessionOver    Key = "admin.notice.session_ended"
	RoleChanged    Key = "admin.notice.role_changed"
	ApprovalNeeded Key = "admin.notice.approval_needed"
	AppDeleted     Key = "admin.notice.app_deleted"
	KeysRotated    Key = "admin.notice.keys_rotated"
	Deleted        Key = "admin.notice.deleted"
	TestSent       Key = "admin.notice.test_sent"
	SentAgain      Key = "admin.notice.sent_again"
)

// ConsoleNotices lists the notices that may cross a redirect in the console.
func ConsoleNotices() []Key {
	return append([]Key{Saved, UserDisabled, UserEnabled, ResetMailSent, MailTooOften, FactorTaken, SessionsEnded, SessionOver, RoleChanged,
		ApprovalNeeded, AppDeleted, KeysRotated, Deleted, TestSent, SentAgain, HookCreated, HookRotated, HookEnabled, APIKeyRevoked}, userNotices()...)
}

// ConsoleFaults lists the faults of the console's forms.
func ConsoleFaults() []Key {
	return []Key{NotAccepted, NotAllowed, TooLong, ExternalIDTaken, JSONMalformed, JSONTooLarge, ChangedMeanwhile, JSONAt, JSONNoObject, NoDay, DaysTurned, CallbackPath, CallbackLoopback}
}
