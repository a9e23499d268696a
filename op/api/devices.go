package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/curfew-id/curfew/internal/id"
	"github.com/curfew-id/curfew/op/session"
	"github.com/curfew-id/curfew/storage"
)

// Device is a browser that somebody has signed in on. It is remembered by its own cookie and can hold sessions of several
// users.
type Device struct {
	Object         string  `json:"object" enum:"device"`
	ID             string  `json:"id"`
	Name           *string `json:"name" doc:"In English; null where the browser says nothing that is known" example:"Firefox on Linux"`
	BrowserName    *string `json:"browser_name"`
	BrowserVersion *string `json:"browser_version"`
	DeviceType     *string `json:"device_type" doc:"The operating system, or iPhone or iPad"`
	IsMobile       bool    `json:"is_mobile" doc:"A phone or a tablet"`
	IPAddress      *string `json:"ip_address" doc:"Where it was seen last"`
	City           *string `json:"city" doc:"Of the address, in English; null where it is not known"`
	Country        *string `json:"country" doc:"Of the address, as ISO 3166-1 alpha-2; null where it is not known" example:"DE"`
	FirstSeenAt    int64   `json:"first_seen_at"`
	LastSeenAt     int64   `json:"last_seen_at"`
}

type (
	deviceInput struct {
		ID string `path:"id"`
	}
	deviceListInput struct {
		Page
		UserID string `query:"user_id" maxLength:"200" doc:"Only those that this user has been signed in on"`
	}
	deviceOutput struct{ Body Device }
)

func (a *API) deviceOperations() {
	tags := []string{"devices"}
	operation(a, ScopeSessionsRead, huma.Operation{OperationID: "list-devices", Method: http.MethodGet, Path: "/v1/devices",
		Summary: "List devices, the newest first", Tags: tags, Description: "Who is signed in on one is said by the sessions " +
			"with its device_id. A user is known to have been on a device for 30 days after the last session there has ended."},
		a.listDevices)
	operation(a, ScopeSessionsRead, huma.Operation{OperationID: "get-device", Method: http.MethodGet, Path: "/v1/devices/{id}",
		Summary: "Get a device", Tags: tags}, a.getDevice)
	operation(a, ScopeSessionsWrite, huma.Operation{OperationID: "forget-device", Method: http.MethodPost,
		Path: "/v1/devices/{id}/forget", Summary: "End all sessions on a device and forget it", Tags: tags,
		Description: "Of all users: a device is shared by those who sign in on it. Lasting access of applications, which is on no " +
			"device, stays. Who signs in there again does so on a device that nobody knows."}, a.forgetDevice)
}

func (a *API) listDevices(ctx context.Context, in *deviceListInput) (*listOutput[Device], error) {
	after, err := in.after(id.Device)
	if err != nil {
		return nil, err
	}
	if in.UserID != "" && !isA(id.User, in.UserID) {
		return nil, badField("query", "user_id", "is not the id of a user")
	}
	rows, err := a.Store.Devices(ctx, in.UserID, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return listed(rows, in.Limit, func(d *storage.Device) string { return d.ID }, showDevice), nil
}

func (a *API) getDevice(ctx context.Context, in *deviceInput) (*deviceOutput, error) {
	if !isA(id.Device, in.ID) {
		return nil, storage.ErrNotFound
	}
	d, err := a.Store.Device(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &deviceOutput{showDevice(d)}, nil
}

func (a *API) forgetDevice(ctx context.Context, in *deviceInput) (*deletedOutput, error) {
	if !isA(id.Device, in.ID) {
		return nil, storage.ErrNotFound
	}
	if err := a.mayEndOn(ctx, in.ID); err != nil {
		return nil, err
	}
	if err := session.ForgetDevice(ctx, a.Store, a.Door, in.ID, callerOf(ctx), a.Clock.Now()); err != nil {
		return nil, err
	}
	return &deletedOutput{Deleted{Object: "device", ID: in.ID, Deleted: true}}, nil
}

// mayEndOn is mayEnd for all who are signed in on a device.
func (a *API) mayEndOn(ctx context.Context, deviceID string) error {
	if callerIn(ctx).kind != storage.MadeByUser {
		return nil
	}
	views, err := a.Store.SessionViews(ctx, storage.SessionViewFilter{DeviceID: deviceID, Status: storage.StatusActive, Limit: 500}, a.Clock.Now())
	for _, v := range views {
		if err == nil {
			err = a.mayEnd(ctx, a.Store, v.UserID)
		}
	}
	return err
}

func showDevice(d *storage.Device) Device {
	agent := session.ParseAgent(d.UserAgent)
	return Device{Object: "device", ID: d.ID, Name: orNull(agent.Name("en")), BrowserName: orNull(agent.Browser),
		BrowserVersion: orNull(agent.Version), DeviceType: orNull(agent.System), IsMobile: agent.Mobile,
		IPAddress: orNull(d.IPAddress), City: orNull(d.City), Country: orNull(d.Country),
		FirstSeenAt: d.FirstSeenAt.UnixMilli(), LastSeenAt: d.LastSeenAt.UnixMilli()}
}
