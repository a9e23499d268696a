package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/op/audit"
	"github.com/curfew-id/curfew/op/client"
	"github.com/curfew-id/curfew/op/key"
	"github.com/curfew-id/curfew/storage"
)

// OAuthApplication is a relying party: what it registered, under the names of RFC 7591.
type OAuthApplication struct {
	Object                string `json:"object" enum:"oauth_application"`
	ID                    string `json:"id" doc:"The client_id"`
	ClientID              string `json:"client_id"`
	ClientSecret          string `json:"client_secret,omitempty" doc:"Only in the answer that made it: it is stored as a hash"`
	ClientIDIssuedAt      int64  `json:"client_id_issued_at" doc:"In seconds (RFC 7591 3.2.1)"`
	ClientSecretExpiresAt *int64 `json:"client_secret_expires_at,omitempty" doc:"Beside client_secret: 0, never"`
	ApplicationFields
	UpdatedAt int64 `json:"updated_at"`
}

type (
	applicationInput struct {
		ID string `path:"id"`
	}
	applicationListInput struct {
		Page
		Query string `query:"query" maxLength:"320" doc:"What stands in the name, or begins the client_id, in whichever case"`
	}
	applicationCreateInput struct{ Body ApplicationFields }
	applicationChangeInput struct {
		ID string `path:"id"`
		IfMatched
	}
	applicationUpdateInput struct {
		ID string `path:"id"`
		IfMatched
		Body patch[ApplicationFields]
	}
	applicationOutput struct {
		ETag string `header:"ETag"`
		Body OAuthApplication
	}
)

func (a *API) applicationOperations() {
	tags := []string{"oauth_applications"}
	const all, one = "/v1/oauth_applications", "/v1/oauth_applications/{id}"
	operation(a, ScopeApplicationsRead, huma.Operation{OperationID: "list-oauth-applications", Method: http.MethodGet, Path: all,
		Summary: "List applications by client_id", Tags: tags}, a.listApplications)
	operation(a, ScopeApplicationsWrite, huma.Operation{OperationID: "create-oauth-application", Method: http.MethodPost, Path: all,
		Summary: "Register an application", Tags: tags, DefaultStatus: http.StatusCreated}, a.createApplication)
	operation(a, ScopeApplicationsRead, huma.Operation{OperationID: "get-oauth-application", Method: http.MethodGet, Path: one,
		Summary: "Get an application", Tags: tags}, a.getApplication)
	operation(a, ScopeApplicationsWrite, huma.Operation{OperationID: "update-oauth-application", Method: http.MethodPatch, Path: one,
		Summary: "Change an application", Tags: tags, Description: "Members that are sent replace what was, lists as a whole; null " +
			"brings back the default. A change to an authentication with a secret makes one where there is none."}, a.updateApplication)
	operation(a, ScopeApplicationsWrite, huma.Operation{OperationID: "rotate-oauth-application-secret", Method: http.MethodPost,
		Path: one + "/rotate_secret", Summary: "Give an application a new secret", Tags: tags,
		Description: "The old one is refused from the next request on."}, a.rotateSecret)
	operation(a, ScopeApplicationsWrite, huma.Operation{OperationID: "delete-oauth-application", Method: http.MethodDelete, Path: one,
		Summary: "Delete an application and all that its tokens open", Tags: tags}, a.deleteApplication)
}

func (a *API) listApplications(ctx context.Context, in *applicationListInput) (*listOutput[OAuthApplication], error) {
	after, err := in.after("")
	if err != nil {
		return nil, err
	}
	if !utf8.ValidString(in.Query) || strings.ContainsFunc(in.Query, unicode.IsControl) {
		return nil, badField("query", "query", "must be text")
	}
	shown, err := a.applications(ctx, after, in.Query, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return listed(shown, in.Limit, func(o OAuthApplication) string { return o.ClientID },
		func(o OAuthApplication) OAuthApplication { return o }), nil
}

// applications are the next n that are called so, behind an id. Names stand in what is registered, where no index finds them: the
// rows are gone through, which those of a service are few enough for.
func (a *API) applications(ctx context.Context, after, called string, n int) (list []OAuthApplication, err error) {
	called = strings.ToLower(called)
	batch := n
	if called != "" {
		batch = max(n, 500)
	}
	for {
		rows, err := a.Store.Clients(ctx, after, batch)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			o, err := ShowApplication(row)
			if err != nil {
				return nil, err
			}
			if !strings.Contains(strings.ToLower(o.ClientName), called) && !strings.HasPrefix(strings.ToLower(o.ID), called) {
				continue
			}
			if list = append(list, o); len(list) == n {
				return list, nil
			}
		}
		if len(rows) < batch {
			return list, nil
		}
		after = rows[len(rows)-1].ID
	}
}

func (a *API) createApplication(ctx context.Context, in *applicationCreateInput) (*applicationOutput, error) {
	if err := mayGive(ctx, "scope", strings.Fields(in.Body.Scope)); err != nil {
		return nil, err
	}
	m, err := a.prepared(ctx, in.Body)
	if err != nil {
		return nil, err
	}
	var out *applicationOutput
	err = a.Store.Tx(ctx, func(tx *storage.Store) error {
		c, plain, err := a.Clients.Register(ctx, tx, "", m)
		if err != nil {
			return err
		}
		_, after, err := differences(client.Metadata{}, c.Metadata)
		if err != nil {
			return err
		}
		if err := a.audit(ctx, tx, audit.ClientCreated, c.ID, map[string]any{"after": after}); err != nil {
			return err
		}
		out, err = readApplication(ctx, tx, c.ID, plain)
		return err
	})
	return out, err
}

func (a *API) getApplication(ctx context.Context, in *applicationInput) (*applicationOutput, error) {
	return readApplication(ctx, a.Store, in.ID, "")
}

func (a *API) updateApplication(ctx context.Context, in *applicationUpdateInput) (out *applicationOutput, err error) {
	if err := a.ensureKey(ctx, in.Body.text("id_token_signed_response_alg")); err != nil {
		return nil, err
	}
	err = a.changeApplication(ctx, in.ID, in.IfMatch, func(tx *storage.Store, c *client.Client) error {
		// Who changes where an application's tokens go, or how it authenticates, has what it may.
		if err := mayGive(ctx, "scope", strings.Fields(c.Scope)); err != nil {
			return err
		}
		before, err := fieldsOfMetadata(c.Metadata)
		if err != nil {
			return err
		}
		next, err := in.Body.apply(before)
		if err != nil {
			return err
		}
		m, err := next.metadata()
		if err != nil {
			return err
		}
		if err := mayGive(ctx, "scope", strings.Fields(m.Scope)); err != nil {
			return err
		}
		_, plain, err := ChangeApplication(ctx, tx, a.Clients, a.Clock.Now(), c, m, callerOf(ctx))
		if err != nil {
			return err
		}
		out, err = readApplication(ctx, tx, c.ID, plain)
		return err
	})
	return out, err
}

func (a *API) rotateSecret(ctx context.Context, in *applicationChangeInput) (out *applicationOutput, err error) {
	err = a.changeApplication(ctx, in.ID, in.IfMatch, func(tx *storage.Store, c *client.Client) error {
		if err := mayGive(ctx, "scope", strings.Fields(c.Scope)); err != nil {
			return err
		}
		_, plain, err := NewSecret(ctx, tx, a.Clients, a.Clock.Now(), c, callerOf(ctx))
		if err != nil {
			return err
		}
		out, err = readApplication(ctx, tx, c.ID, plain)
		return err
	})
	return out, err
}

// changeApplication runs do in a transaction, with the client as that sees it.
func (a *API) changeApplication(ctx context.Context, clientID, ifMatch string, do func(tx *storage.Store, c *client.Client) error) error {
	if !plausible(clientID) {
		return storage.ErrNotFound
	}
	return a.change(ctx, ifMatch, func(tx *storage.Store) error {
		c, err := a.Clients.In(ctx, tx, clientID)
		if err != nil {
			return err
		}
		if err := checkMatch(ifMatch, c.Version); err != nil {
			return err
		}
		return do(tx, c)
	})
}

func (a *API) deleteApplication(ctx context.Context, in *applicationChangeInput) (*deletedOutput, error) {
	err := a.changeApplication(ctx, in.ID, in.IfMatch, func(tx *storage.Store, c *client.Client) error {
		return DeleteApplication(ctx, tx, a.Door, a.Clock.Now(), c, callerOf(ctx))
	})
	if err != nil {
		return nil, err
	}
	return &deletedOutput{Deleted{Object: "oauth_application", ID: in.ID, Deleted: true}}, nil
}

func (a *API) audit(ctx context.Context, tx *storage.Store, kind audit.Kind, clientID string, data map[string]any) error {
	return audit.Write(ctx, tx, audit.Event{Kind: kind, At: a.Clock.Now(), ClientID: clientID, By: callerOf(ctx), Data: data})
}

// prepared is the metadata of a new application, checked, with a key to sign its ID tokens with.
func (a *API) prepared(ctx context.Context, f ApplicationFields) (client.Metadata, error) {
	m, err := f.metadata()
	if err != nil {
		return m, err
	}
	if err := m.Complete(); err != nil {
		return m, err
	}
	return m, a.ensureKey(ctx, m.IDTokenAlg)
}

// ensureKey makes the first key of an algorithm that nobody has used so far. It is called before the application changes:
// one whose tokens cannot be signed must at no time be there.
func (a *API) ensureKey(ctx context.Context, alg string) error {
	if !slices.Contains(key.Algorithms, alg) { // "", or what the registry will refuse
		return nil
	}
	return a.Ring.Ensure(ctx, alg)
}

// readApplication returns an application, and the secret where it has just been made.
func readApplication(ctx context.Context, tx *storage.Store, clientID, plain string) (*applicationOutput, error) {
	if !plausible(clientID) {
		return nil, storage.ErrNotFound
	}
	row, err := tx.Client(ctx, clientID)
	if err != nil {
		return nil, err
	}
	body, err := ShowApplication(row)
	if err != nil {
		return nil, err
	}
	if plain != "" {
		never := int64(0)
		body.ClientSecret, body.ClientSecretExpiresAt = plain, &never
	}
	return &applicationOutput{etag(row.Version), body}, nil
}

// ShowApplication returns the document of a client, with the member names of RFC 7591.
func ShowApplication(row *storage.Client) (o OAuthApplication, err error) {
	o = OAuthApplication{Object: "oauth_application", ID: row.ID, ClientID: row.ID, ClientIDIssuedAt: row.CreatedAt.Unix(),
		UpdatedAt: row.UpdatedAt.UnixMilli()}
	if err := json.Unmarshal([]byte(row.Metadata), &o.ApplicationFields); err != nil {
		return o, fmt.Errorf("metadata of %s: %w", row.ID, err)
	}
	return o, nil
}
