package dev

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/curfew-id/curfew/internal/secret"
)

// Info is what stands in <data>/dev.json: everything a script needs to use a running `curfew dev`.
type Info struct {
	Issuer  string       `json:"issuer"`
	DemoURL string       `json:"demo_url"`
	MailURL string       `json:"mail_url"`
	Users   []UserInfo   `json:"users"`
	Clients []ClientInfo `json:"clients"`
}

// UserInfo is a seeded account.
type UserInfo struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Admin    bool   `json:"admin"`
	// TOTPSecret is the seed of the authenticator that the account was given, in base32.
	TOTPSecret string `json:"totp_secret,omitempty"`
}

// ClientInfo is a seeded OAuth client.
type ClientInfo struct {
	ClientID               string   `json:"client_id"`
	ClientSecret           string   `json:"client_secret"`
	RedirectURIs           []string `json:"redirect_uris"`
	PostLogoutRedirectURIs []string `json:"post_logout_redirect_uris"`
}

// User returns a seeded account by its address; zero if there is none.
func (i *Info) User(email string) (u UserInfo) {
	for _, have := range i.Users {
		if have.Email == email {
			return have
		}
	}
	return u
}

// Client returns a seeded client by its id; zero if there is none.
func (i *Info) Client(clientID string) (c ClientInfo) {
	for _, have := range i.Clients {
		if have.ClientID == clientID {
			return have
		}
	}
	return c
}

func readInfo(data string) (*Info, error) {
	b, err := os.ReadFile(filepath.Join(data, "dev.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return &Info{}, nil
	}
	if err != nil {
		return nil, err
	}
	i := new(Info)
	if err := json.Unmarshal(b, i); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(data, "dev.json"), err)
	}
	return i, nil
}

func (i *Info) write(data string) error {
	b, err := json.MarshalIndent(i, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(data, "dev.json"), append(b, '\n'))
}

// masterKey is made at the first start and kept, so that a second start can open what the first one sealed.
func masterKey(data string) ([]byte, error) {
	path := filepath.Join(data, "dev.key")
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = secret.Bytes(32)
		return key, writeFile(path, key)
	}
	if err == nil && len(key) != 32 {
		err = fmt.Errorf("%s is damaged: it has %d bytes, not 32", path, len(key))
	}
	return key, err
}

// writeFile replaces a file at once or not at all, readable by nobody else.
func writeFile(path string, b []byte) error {
	tmp := path + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
