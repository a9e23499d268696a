package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/curfew-id/curfew/op/api"
	"github.com/curfew-id/curfew/op/client"
)

// clientFlags are what can be said about a client on the command line.
type clientFlags struct {
	id, file string
	m        client.Metadata
}

func (f *clientFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.file, "file", "", "JSON `file` with the metadata (RFC 7591), - for standard input; flags win over it")
	fs.StringVar(&f.m.ClientName, "name", "", "`name` that users are shown")
	fs.StringArrayVar(&f.m.RedirectURIs, "redirect-uri", nil, "`URI` that codes are sent to; may be repeated")
	fs.StringArrayVar(&f.m.PostLogoutRedirectURIs, "post-logout-redirect-uri", nil, "`URI` to go to after signing out; may be repeated")
	fs.StringVar(&f.m.TokenEndpointAuthMethod, "auth-method", "",
		"`method`: client_secret_basic (default), client_secret_post, private_key_jwt (keys by --file) or none, for a public client")
	fs.StringArrayVar(&f.m.GrantTypes, "grant", nil,
		"`grant`: authorization_code, refresh_token (both by default), client_credentials; may be repeated")
	fs.StringVar(&f.m.Scope, "scope", "", "`scopes` it may ask for, with spaces between")
	fs.StringVar(&f.m.BackchannelLogoutURI, "backchannel-logout-uri", "", "`URI` that is told when a session ends")
	fs.BoolVar(&f.m.SkipConsent, "skip-consent", false, "an app of your own: users are not asked")
	fs.Var((*seconds)(&f.m.SessionLifetime), "session-lifetime",
		"`time` after which the person has to authenticate again for this app, such as 8h; 0: when the session ends")
	fs.Var((*seconds)(&f.m.SessionIdleTimeout), "session-idle-timeout",
		"`time` without use after which they have to, such as 30m; 0: when the session ends")
	methods := []string{client.AuthBasic, client.AuthPost, client.AuthKey, client.AuthNone}
	grants := []string{client.GrantCode, client.GrantRefresh, client.GrantClientCredentials}
	_ = cmd.RegisterFlagCompletionFunc("auth-method", cobra.FixedCompletions(methods, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("grant", cobra.FixedCompletions(grants, cobra.ShellCompDirectiveNoFileComp))
}

// parts pairs each flag with the assignment it stands for.
func (f *clientFlags) parts(m *client.Metadata) map[string]func() {
	return map[string]func(){
		"name":                     func() { m.ClientName = f.m.ClientName },
		"redirect-uri":             func() { m.RedirectURIs = f.m.RedirectURIs },
		"post-logout-redirect-uri": func() { m.PostLogoutRedirectURIs = f.m.PostLogoutRedirectURIs },
		"auth-method":              func() { m.TokenEndpointAuthMethod = f.m.TokenEndpointAuthMethod },
		"grant":                    func() { m.GrantTypes = f.m.GrantTypes },
		"scope":                    func() { m.Scope = f.m.Scope },
		"backchannel-logout-uri":   func() { m.BackchannelLogoutURI = f.m.BackchannelLogoutURI },
		"skip-consent":             func() { m.SkipConsent = f.m.SkipConsent },
		"session-lifetime":         func() { m.SessionLifetime = f.m.SessionLifetime },
		"session-idle-timeout":     func() { m.SessionIdleTimeout = f.m.SessionIdleTimeout },
	}
}

func (f *clientFlags) any(cmd *cobra.Command) bool {
	for name := range f.parts(new(client.Metadata)) {
		if cmd.Flags().Changed(name) {
			return true
		}
	}
	return f.file != ""
}

// apply writes the file over m, and the flags over that.
func (f *clientFlags) apply(cmd *cobra.Command, id string, m *client.Metadata) error {
	if f.file != "" {
		fresh, err := readMetadata(cmd, f.file, id)
		if err != nil {
			return err
		}
		*m = fresh
	}
	for name, set := range f.parts(m) {
		if cmd.Flags().Changed(name) {
			set()
		}
	}
	return nil
}

// readMetadata reads a client from JSON: metadata alone, or what `client show --json` wrote.
func readMetadata(cmd *cobra.Command, file, id string) (m client.Metadata, err error) {
	in := cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return m, err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, 1<<20))
	if err != nil {
		return m, fmt.Errorf("read %s: %w", file, err)
	}
	var doc api.OAuthApplication
	strict := json.NewDecoder(bytes.NewReader(b))
	strict.DisallowUnknownFields() // a misspelt member would be a client that is not what it was meant to be
	if err := strict.Decode(&doc); err != nil {
		return m, fmt.Errorf("read %s: %w", file, err)
	}
	if doc.ClientID != "" && doc.ClientID != id {
		return m, fmt.Errorf("%s is of client %s", file, doc.ClientID)
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("read %s: %w", file, err)
	}
	return m, nil
}
