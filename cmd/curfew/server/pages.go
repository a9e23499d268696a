package server

import (
	"net/http"

	"github.com/curfew-id/curfew/internal/httpx"
	"github.com/curfew-id/curfew/op"
	"github.com/curfew-id/curfew/op/authflow"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/ui/page"
)

// protocolPages renders what the protocol endpoints show to people.
func (s *Server) protocolPages() op.Pages {
	return op.Pages{
		Error: func(w http.ResponseWriter, r *http.Request, status int, code, description string) {
			kind := page.ErrorClient
			switch status {
			case http.StatusInternalServerError:
				kind = page.ErrorInternal
			case http.StatusMethodNotAllowed:
				kind = page.ErrorMethod
			}
			s.render(w, r, status, page.Error{Kind: kind, RequestID: httpx.RequestID(r.Context()), Code: code, Detail: description})
		},
		FormPost: func(w http.ResponseWriter, r *http.Request, a *authflow.Answer) {
			p := page.FormPost{Action: a.RedirectURI}
			for name, values := range a.Values {
				for _, v := range values {
					p.Params = append(p.Params, page.Param{Name: name, Value: v})
				}
			}
			s.render(w, r, http.StatusOK, p)
		},
		SignOutConfirm: func(w http.ResponseWriter, r *http.Request, o op.SignOut) {
			p := page.SignOutConfirm{Base: page.Base{Locales: o.UILocales}, Form: page.Form{Action: o.Action}, App: appName(o.Client),
				Who: page.Who{Name: o.Current.User.Name}}
			if person, err := s.Users.Person(r.Context(), o.Current.UserID); err == nil {
				p.Who.Email = person.Email
			}
			for name, value := range o.Fields {
				p.Hidden = append(p.Hidden, page.Param{Name: name, Value: value})
			}
			s.render(w, r, http.StatusOK, p)
		},
		SignedOut: func(w http.ResponseWriter, r *http.Request, o op.SignedOut) {
			s.render(w, r, http.StatusOK, page.SignedOut{Base: page.Base{Locales: o.UILocales, Frames: o.Frames}, App: appName(o.Client),
				ContinueURL: o.ContinueURL, Continue: o.ContinueURL != "", SignInURL: "/signin"})
		},
		CheckSession: func(w http.ResponseWriter, r *http.Request, c op.CheckSession) {
			if err := (page.CheckSession{Cookie: c.Cookie, Attributes: c.Attributes, EventsPath: c.EventsPath}).Write(w); err != nil {
				s.opts.Log.WarnContext(r.Context(), "page not written", "error", err)
			}
		},
	}
}

func appName(c *client.Client) string {
	if c == nil {
		return ""
	}
	return c.Name()
}

func (s *Server) render(w http.ResponseWriter, r *http.Request, status int, p page.Page) {
	if err := s.Pages.Render(w, r, status, p); err != nil {
		s.opts.Log.ErrorContext(r.Context(), "page not rendered", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

func (s *Server) panicked(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusInternalServerError, page.Error{Kind: page.ErrorInternal, RequestID: httpx.RequestID(r.Context())})
}
