package delivery

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/curfew-id/curfew/internal/httpx"
)

// GatewayOptions say which SMS gateway is used. The request has Twilio's shape, which others understand too: a form
// with To, From and Body, basic authentication, any 2xx is success.
type GatewayOptions struct {
	URL      string // such as https://api.twilio.com/2010-04-01/Accounts/{sid}/Messages.json
	Username string // account or API key; "": no authentication
	Password string
	From     string // sending number or name
}

// Gateway is a Texter over HTTP.
type Gateway struct {
	opt  GatewayOptions
	doer httpx.Doer
}

// NewGateway checks the options.
func NewGateway(opt GatewayOptions, doer httpx.Doer) (*Gateway, error) {
	u, err := url.Parse(opt.URL)
	if err != nil || u.Host == "" || (u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname()))) {
		return nil, fmt.Errorf("sms gateway url: want https, or http to this machine")
	}
	if opt.From == "" {
		return nil, fmt.Errorf("sms gateway: no sender")
	}
	return &Gateway{opt: opt, doer: doer}, nil
}

// SendSMS implements Texter: at most 10 s.
func (g *Gateway) SendSMS(ctx context.Context, s SMS) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	form := url.Values{"To": {s.To}, "From": {g.opt.From}, "Body": {s.Text}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.opt.URL, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("make sms request: %w", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if g.opt.Username != "" {
		req.SetBasicAuth(g.opt.Username, g.opt.Password)
	}
	resp, err := g.doer.Do(req)
	if err != nil {
		return fmt.Errorf("send sms: %w", err)
	}
	defer resp.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	switch code := resp.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 400 && code < 500 && code != http.StatusRequestTimeout && code != http.StatusTooManyRequests:
		return fmt.Errorf("%w: sms gateway answered %d: %q", ErrRefused, code, said)
	default:
		return fmt.Errorf("sms gateway answered %d: %q", code, said)
	}
}
