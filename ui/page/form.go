package page

// Form is what every page that asks for something has.
type Form struct {
	// Action is where the form posts to; the flow's id is in its path.
	Action string
	// Errors are the faults found in what was posted, by field name.
	Errors Errors
}

// Errors are the faults of a form by field name. The empty name stands for the
// form as a whole.
type Errors map[string]Message

// Fault returns Errors with one entry; an empty field means the whole form.
func Fault(field string, key Key, args ...any) Errors {
	return Errors{field: Msg(key, args...)}
}

// Key names a text of the locale files.
type Key string

// Message is a text of the locale files with the values of its placeholders,
// {0} and up. The zero Message is no message.
type Message struct {
	Key  Key
	Args []any
}

// Msg returns the message key with its values.
func Msg(key Key, args ...any) Message { return Message{Key: key, Args: args} }
