package webhook

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/curfew-id/curfew/op/factor"
	"github.com/curfew-id/curfew/op/user"
	"github.com/curfew-id/curfew/storage"
)

// proof is what somebody can prove who they are with. The names are those of Clerk's users.
type proof struct {
	PasswordEnabled   bool `json:"password_enabled"`
	TwoFactorEnabled  bool `json:"two_factor_enabled"`
	TOTPEnabled       bool `json:"totp_enabled"`
	BackupCodeEnabled bool `json:"backup_code_enabled"` // a recovery code is left
}

// reached is where somebody can be reached: all that they are found by, the primary ones first.
type reached struct {
	EmailAddresses []address `json:"email_addresses"`
	PhoneNumbers   []address `json:"phone_numbers"`
}

// address is one of them.
type address struct {
	Object       string       `json:"object"`
	Email        string       `json:"email_address,omitempty"`
	Phone        string       `json:"phone_number,omitempty"`
	Primary      bool         `json:"primary"`
	Verification verification `json:"verification"`
}

type verification struct {
	Status string `json:"status"` // verified or unverified
}

// describe is the document of a user, and apart from it their private metadata: what the management API shows, and what a
// list of users has no need of but whoever keeps a copy of one has.
func (d Documents) describe(ctx context.Context, tx *storage.Store, userID string) (doc map[string]json.RawMessage, private string, err error) {
	p, err := user.New(tx, nil).Person(ctx, userID)
	if err != nil {
		return nil, "", err
	}
	factors, err := tx.Factors(ctx, userID)
	if err != nil {
		return nil, "", err
	}
	identifiers, err := tx.Identifiers(ctx, userID)
	if err != nil {
		return nil, "", err
	}
	if doc, private, err = split(d.User(p)); err != nil {
		return nil, "", err
	}
	for _, more := range []any{proofOf(factors), reachedAt(identifiers)} {
		b, err := json.Marshal(more)
		if err == nil {
			err = json.Unmarshal(b, &doc) // adds members, keeps those there are
		}
		if err != nil {
			return nil, "", fmt.Errorf("describe %s: %w", userID, err)
		}
	}
	return doc, private, nil
}

func proofOf(rows []*storage.Factor) (p proof) {
	for _, r := range rows {
		if !r.ConfirmedAt.Set() { // begun, and may never be finished
			continue
		}
		switch factor.Kind(r.Kind) {
		case factor.KindPassword:
			p.PasswordEnabled = true
		case factor.KindTOTP:
			p.TOTPEnabled, p.TwoFactorEnabled = true, true
		case factor.KindEmail, factor.KindSMS:
			p.TwoFactorEnabled = true
		case factor.KindRecovery:
			p.BackupCodeEnabled = p.BackupCodeEnabled || !r.UsedAt.Set()
		}
	}
	return p
}

func reachedAt(rows []*storage.Identifier) reached {
	at := reached{[]address{}, []address{}}
	for _, primary := range []bool{true, false} {
		for _, i := range rows {
			if i.IsPrimary != primary {
				continue
			}
			a := address{Primary: primary, Verification: verification{"unverified"}}
			if i.VerifiedAt.Set() {
				a.Verification.Status = "verified"
			}
			switch i.Kind {
			case storage.IdentifierEmail:
				a.Object, a.Email = "email_address", i.Display
				at.EmailAddresses = append(at.EmailAddresses, a)
			case storage.IdentifierPhone:
				a.Object, a.Phone = "phone_number", i.Value
				at.PhoneNumbers = append(at.PhoneNumbers, a)
			}
		}
	}
	return at
}
