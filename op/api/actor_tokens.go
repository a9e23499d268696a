package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/actor"
	"github.com/curfew-id/curfew/storage"
)

// ActorToken is a permission to act once as somebody else.
type ActorToken struct {
	Object      string  `json:"object" enum:"actor_token"`
	ID          string  `json:"id"`
	Status      string  `json:"status" enum:"pending,accepted,revoked,expired" doc:"accepted: it has been used, for the session of session_id"`
	UserID      string  `json:"user_id" doc:"Who is impersonated"`
	Actor       object  `json:"actor" doc:"Who acts: sub is their user id"`
	Reason      string  `json:"reason"`
	Token       *string `json:"token,omitempty" doc:"The ticket; only in the answer that creates it"`
	URL         *string `json:"url,omitempty" doc:"What the actor opens in the browser they are signed in with; only in the answer that creates it"`
	SessionID   *string `json:"session_id" doc:"The session that it began"`
	NeedsSecond bool    `json:"approval_required" doc:"Somebody else has to approve it before it can be used"`
	ApprovedBy  *string `json:"approved_by"`
	CreatedBy   string  `json:"created_by"`
	ExpiresAt   int64   `json:"expires_at"`
	CreatedAt   int64   `json:"created_at"`
	UpdatedAt   int64   `json:"updated_at"`
}

// ActorTokenFields is what one is made of.
type ActorTokenFields struct {
	UserID      string `json:"user_id" maxLength:"200" doc:"Who is to be impersonated"`
	Actor       object `json:"actor" doc:"Who acts: sub is their user id. Other members are kept; 1 KiB at most"`
	Reason      string `json:"reason" required:"false" maxLength:"500" doc:"Why; the policy may want one"`
	ExpiresIn   int64  `json:"expires_in_seconds" required:"false" minimum:"1" maximum:"2592000" default:"3600" doc:"How long the token can be used"`
	MaxDuration int64  `json:"session_max_duration_in_seconds" required:"false" minimum:"1" maximum:"1800" default:"1800" doc:"How long the session lasts at most; it ends after ten minutes without use, too"`
}

// ActorTokenApproval is a second person's word.
type ActorTokenApproval struct {
	Approver string `json:"approver" maxLength:"200" doc:"The user who approves: neither the actor, nor the impersonated, nor whoever created the token, and somebody who may impersonate that user too"`
}

type (
	actorTokenInput struct {
		ID string `path:"id"`
	}
	actorTokenCreate  struct{ Body ActorTokenFields }
	actorTokenApprove struct {
		ID   string `path:"id"`
		Body ActorTokenApproval
	}
	actorTokenListInput struct {
		Page
		UserID string `query:"user_id" maxLength:"200" doc:"Who is impersonated"`
		Status string `query:"status" enum:"pending,accepted,revoked,expired"`
	}
	actorTokenOutput struct{ Body ActorToken }
)

func (a *API) actorTokenOperations() {
	tags := []string{"actor_tokens"}
	operation(a, ScopeActorTokensWrite, huma.Operation{OperationID: "create-actor-token", Method: http.MethodPost, Path: "/v1/actor_tokens",
		Summary: "Let somebody act as a user", Tags: tags, DefaultStatus: http.StatusCreated, Description: "The answer has a URL that the " +
			"actor opens, once, in the browser in which they are signed in. It begins a session of the user's that names the actor in every " +
			"token (act), ends with the actor's own session, and in which nothing of the account can be changed. The policy of " +
			"impersonation decides now and again when the URL is opened."}, a.createActorToken)
	operation(a, ScopeActorTokensRead, huma.Operation{OperationID: "list-actor-tokens", Method: http.MethodGet, Path: "/v1/actor_tokens",
		Summary: "List actor tokens, the newest first", Tags: tags}, a.listActorTokens)
	operation(a, ScopeActorTokensRead, huma.Operation{OperationID: "get-actor-token", Method: http.MethodGet, Path: "/v1/actor_tokens/{id}",
		Summary: "Get an actor token", Tags: tags}, a.getActorToken)
	operation(a, ScopeActorTokensWrite, huma.Operation{OperationID: "revoke-actor-token", Method: http.MethodPost, Path: "/v1/actor_tokens/{id}/revoke",
		Summary: "Take an actor token back, or end the session that it began", Tags: tags}, a.revokeActorToken)
	operation(a, ScopeActorTokensWrite, huma.Operation{OperationID: "approve-actor-token", Method: http.MethodPost, Path: "/v1/actor_tokens/{id}/approve",
		Summary: "Approve an actor token as the second person", Tags: tags, Description: "Where the policy asks for it. Who approves is " +
			"taken on the word of the client that calls, which needs policies:write as well; a person who calls approves themself."}, a.approveActorToken)
}

func (a *API) createActorToken(ctx context.Context, in *actorTokenCreate) (*actorTokenOutput, error) {
	b := in.Body
	sub, err := checkActor(b)
	if err != nil {
		return nil, err
	}
	t, ticket, err := a.Actors.Create(ctx, a.Store, actor.Spec{UserID: b.UserID, ActorSub: sub, Actor: json.RawMessage(b.Actor), Reason: b.Reason,
		TTL: time.Duration(b.ExpiresIn) * time.Second, Duration: time.Duration(b.MaxDuration) * time.Second, By: callerOf(ctx)})
	if err != nil {
		return nil, actorProblem(err)
	}
	shown, url := a.showActorToken(t), a.Actors.URL(ticket)
	shown.Token, shown.URL = &ticket, &url
	return &actorTokenOutput{shown}, nil
}

// checkActor returns who is to act.
func checkActor(b ActorTokenFields) (sub string, err error) {
	if !isA(id.User, b.UserID) {
		return "", badField("body", "user_id", "is not the id of a user")
	}
	if len(b.Actor) > actor.MaxActorBytes {
		return "", badField("body", "actor", "may take 1024 bytes at most")
	}
	if strings.ContainsRune(b.Reason, 0) || utf8.RuneCountInString(b.Reason) > actor.MaxReason {
		return "", badField("body", "reason", "may be 500 characters at most, without NUL")
	}
	var who struct {
		Sub any `json:"sub"`
	}
	if err := json.Unmarshal(b.Actor, &who); err != nil {
		return "", badField("body", "actor", "must be an object")
	}
	sub, _ = who.Sub.(string)
	if !isA(id.User, sub) {
		return "", badField("body", "actor.sub", "must be the id of a user")
	}
	return sub, nil
}

func (a *API) listActorTokens(ctx context.Context, in *actorTokenListInput) (*listOutput[ActorToken], error) {
	after, err := in.after(id.ActorToken)
	if err != nil {
		return nil, err
	}
	if in.UserID != "" && !isA(id.User, in.UserID) {
		return nil, badField("query", "user_id", "is not the id of a user")
	}
	rows, err := a.Store.ActorTokens(ctx, storage.ActorTokenFilter{UserID: in.UserID, Status: storage.ActorTokenStatus(in.Status),
		Now: a.Clock.Now(), After: after, Limit: in.Limit + 1})
	if err != nil {
		return nil, err
	}
	return listed(rows, in.Limit, func(t *storage.ActorToken) string { return t.ID }, a.showActorToken), nil
}

func (a *API) getActorToken(ctx context.Context, in *actorTokenInput) (*actorTokenOutput, error) {
	if !isA(id.ActorToken, in.ID) {
		return nil, storage.ErrNotFound
	}
	t, err := a.Store.ActorToken(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &actorTokenOutput{a.showActorToken(t)}, nil
}

func (a *API) revokeActorToken(ctx context.Context, in *actorTokenInput) (*actorTokenOutput, error) {
	return a.changeActorToken(in.ID, func() (*storage.ActorToken, error) {
		return a.Actors.Revoke(ctx, a.Store, in.ID, callerOf(ctx))
	})
}

func (a *API) approveActorToken(ctx context.Context, in *actorTokenApprove) (*actorTokenOutput, error) {
	if !isA(id.User, in.Body.Approver) {
		return nil, badField("body", "approver", "is not the id of a user")
	}
	if c := callerIn(ctx); c.kind == storage.MadeByUser && in.Body.Approver != c.id { // a person's word is their own
		return nil, badField("body", "approver", "must be yourself")
	}
	if c := callerIn(ctx); c.kind != storage.MadeByUser && !may(ctx, ScopePoliciesWrite) {
		// An administrator makes clients and keys, too: by the word of one of them they would be both of the two whom an owner asks for.
		return nil, problem(http.StatusForbidden, "beyond_rights", "approving on somebody's word needs the scope "+ScopePoliciesWrite+
			", as not asking for approval does; a person approves themself without it")
	}
	return a.changeActorToken(in.ID, func() (*storage.ActorToken, error) {
		return a.Actors.Approve(ctx, a.Store, in.ID, in.Body.Approver, callerOf(ctx))
	})
}

func (a *API) changeActorToken(tokenID string, change func() (*storage.ActorToken, error)) (*actorTokenOutput, error) {
	if !isA(id.ActorToken, tokenID) {
		return nil, storage.ErrNotFound
	}
	t, err := change()
	if err != nil {
		return nil, actorProblem(err)
	}
	return &actorTokenOutput{a.showActorToken(t)}, nil
}

func (a *API) showActorToken(t *storage.ActorToken) ActorToken {
	return ActorToken{Object: "actor_token", ID: t.ID, Status: string(t.Stands(a.Clock.Now())), UserID: t.UserID, Actor: object(t.Actor),
		Reason: t.Reason, SessionID: orNull(t.SessionID), NeedsSecond: t.NeedsApproval, ApprovedBy: orNull(t.ApprovedBy), CreatedBy: t.CreatedBy,
		ExpiresAt: t.ExpiresAt.UnixMilli(), CreatedAt: t.CreatedAt.UnixMilli(), UpdatedAt: t.UpdatedAt.UnixMilli()}
}

// actorProblem says why an actor token cannot be made or changed.
func actorProblem(err error) error {
	var refused actor.Refusal
	switch {
	case errors.As(err, &refused):
		return problem(http.StatusForbidden, "impersonation_refused", refused.Error())
	case errors.Is(err, actor.ErrNoUser):
		return badField("body", "user_id", "is not the id of a user")
	case errors.Is(err, actor.ErrNoActor):
		return badField("body", "actor.sub", "is not the id of a user")
	case errors.Is(err, actor.ErrApprover):
		return badField("body", "approver", err.Error())
	}
	for code, known := range map[string]error{"already_accepted": actor.ErrRedeemed, "already_expired": actor.ErrExpired,
		"already_revoked": actor.ErrRevoked, "session_ended": actor.ErrOver, "approval_not_needed": actor.ErrNotNeeded} {
		if errors.Is(err, known) {
			return problem(http.StatusConflict, code, err.Error())
		}
	}
	return err
}
