package page

import "time"

// AdminSessions is the live view of sessions.
//
// Fields of the query: q (an address or an id), status, after.
type AdminSessions struct {
	Console
	Form
	Query, Status string
	NotFound      bool // nobody has that address or id
	User          Who  // whose sessions these are, where somebody was looked for
	Sessions      []AdminSessionRow
	Partly        bool // not all were looked at: the pager goes on
	Pager         Pager
	LiveURL       string // this page again, for the script; empty where nothing new can come
	EventsURL     string // says when something has ended
	EndAllAction  string
}

func (AdminSessions) template() string { return "admin_sessions" }

// AdminSessionRow is a session with who took part in it.
type AdminSessionRow struct {
	URL                     string
	ID                      string
	User, UserURL           string
	Device                  string // "Firefox on Linux", "" for lasting access
	Mobile, Offline         bool
	Actor                   string // who acts as the user, if somebody does
	Address, City, Country  string
	Status                  string
	Live                    bool
	StartedAt, LastActiveAt time.Time
	EndedAt                 time.Time
	Apps                    []string
	EndAction               string
}

// AdminSession shows one session: where its tokens went, what an end will hit, and what became of it.
type AdminSession struct {
	Console
	Row       AdminSessionRow
	DeviceID  string
	ACR, AMR  string
	ExpiresAt time.Time
	AbandonAt time.Time
	Why       End // of one that is over
	EndedBy   string
	Apps      []AdminSessionApp
	Acting    []AdminSessionRow // impersonations that hang off it
	ActorURL  string            // of the session that it hangs off
	Told      []Told            // what an end would hit
	DeadBy    time.Time         // from when on no token is good, were it ended now, or was
	Receipts  []Receipt
	EventsURL string
	LiveURL   string
}

func (AdminSession) template() string { return "admin_session" }

// AdminSessionApp is where tokens of a session went.
type AdminSessionApp struct {
	Name, URL    string
	FirstTokenAt time.Time
	Scope        string
}
