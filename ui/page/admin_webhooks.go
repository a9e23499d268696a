package page

import "time"

// AdminWebhooks lists the endpoints.
type AdminWebhooks struct {
	Console
	Rows    []WebhookRow
	NewURL  string
	Most    int      // how many there can be, where there are as many; 0: there is room
	Unheard []string // of what is left to endpoints to deliver, what none of them takes: "email.created", "sms.created"
}

func (AdminWebhooks) template() string { return "admin_webhooks" }

// WebhookRow is one endpoint.
type WebhookRow struct {
	URL, Address, Description string
	Events                    []string // none: all but those that carry codes
	FailingSince              time.Time
	DisabledAt                time.Time
	DisabledReason            string // one of WebhookReasons, or one that has no words yet
}

// Disabled tells that it is sent nothing.
func (r WebhookRow) Disabled() bool { return !r.DisabledAt.IsZero() }

// Failing tells that it is sent what happens, and takes nothing of it.
func (r WebhookRow) Failing() bool { return !r.Disabled() && !r.FailingSince.IsZero() }

// AdminWebhookForm adds an endpoint, or changes one.
//
// Fields: url, description, choice ("all" or "some"), events (any number), signature (of a new one), owner_email,
// include_private_metadata ("yes"), version.
type AdminWebhookForm struct {
	Console
	Form
	New                        bool
	URL, Description, Owner    string
	Some                       bool // the events are Chosen; otherwise all but those that carry codes
	Chosen                     []string
	Signature                  string
	Private                    bool
	Withheld                   []string // events that whoever fills it in cannot choose: only an owner can
	URLWithheld                bool     // nor change the address, as long as the endpoint has what they could not choose
	Version                    int64
	MailIsTheirs, TextIsTheirs bool // the endpoints deliver
	CancelURL                  string
}

func (AdminWebhookForm) template() string { return "admin_webhook_form" }

// AdminWebhook shows an endpoint with its log, and how what it is sent is verified.
//
// Fields of the query: outcome, event, after, stack.
type AdminWebhook struct {
	Console
	Form
	Row                                    WebhookRow
	ID, Owner, Signature, PublicKey        string
	Private                                bool
	Secret                                 string    // shown this once
	PreviousUntil                          time.Time // until when the secret before counts as well; zero: it does not
	CreatedAt, UpdatedAt                   time.Time
	LogURL                                 string // of this page, for what narrows the log
	Outcome, Event                         string // what it is narrowed to
	Deliveries                             []WebhookDeliveryRow
	LookedAt                               int64 // how many were searched, where there are more; 0: all
	Pager                                  Pager
	Stacks                                 []Stack
	Stack                                  string
	Snippet                                Snippet
	EditURL, RotateURL                     string
	TestAction, EnableAction, DeleteAction string
}

func (AdminWebhook) template() string { return "admin_webhook" }

// WebhookDeliveryRow is one message to an endpoint.
type WebhookDeliveryRow struct {
	URL, Type, Outcome, Failure string // Type is empty where the message is kept no more
	Status, Attempts            int64
	At                          time.Time
	ResendAction                string
}

// AdminWebhookDelivery shows one message to an endpoint, and what became of it.
type AdminWebhookDelivery struct {
	Console
	Row                         WebhookDeliveryRow
	HookURL, Address            string
	ID, MessageID               string
	SentAt, AnsweredAt          time.Time // of the last attempt
	Took                        time.Duration
	NextAt, GivenUpAt           time.Time // while it is pending: when it is tried next, and no more
	UnderWay                    bool      // an attempt is being made
	SettledAt                   time.Time
	Payload                     string // JSON in lines; empty where the message is kept no more
	TextLeftOut, PrivateLeftOut bool   // it held what nobody, or not this role, may see
	Disabled                    bool   // the endpoint is
}

func (AdminWebhookDelivery) template() string { return "admin_webhook_delivery" }

// AdminWebhookSecret asks how long both secrets count before it makes another one.
//
// Fields: overlap, one of WebhookOverlaps.
type AdminWebhookSecret struct {
	Console
	Form
	Address, Signature string
	Overlap            string
	PreviousUntil      time.Time // until when the secret before the present one counts, which it then does no more
	CancelURL          string
}

func (AdminWebhookSecret) template() string { return "admin_webhook_secret" }

// Faults of an endpoint's form.
const (
	HookURLMalformed Key = "admin.fault.hook_url"
	HookURLUser      Key = "admin.fault.hook_url_user"
	HookURLFragment  Key = "admin.fault.hook_url_fragment"
	HookURLHTTPS     Key = "admin.fault.hook_url_https"
	HookURLNotPublic Key = "admin.fault.hook_url_not_public"
	HookDescription  Key = "admin.fault.hook_description" // {0}: greatest number of bytes
	HookNoEvents     Key = "admin.fault.hook_no_events"
	HookOwnersEvents Key = "admin.fault.hook_owners_events"
	HookOwnersURL    Key = "admin.fault.hook_owners_url"
	HookTooMany      Key = "admin.fault.hook_too_many" // {0}: how many there can be
)

// WebhookFaults lists them.
func WebhookFaults() []Key {
	return []Key{HookURLMalformed, HookURLUser, HookURLFragment, HookURLHTTPS, HookURLNotPublic, HookDescription, HookNoEvents, HookOwnersEvents, HookOwnersURL, HookTooMany}
}

// Notices of an endpoint's page.
const (
	HookCreated Key = "admin.notice.hook_created"
	HookRotated Key = "admin.notice.hook_rotated"
	HookEnabled Key = "admin.notice.hook_enabled"
)
