package pagetest

import (
	"time"

	"github.com/curfew-id/curfew/ui/page"
)

func webhookSamples() []Sample {
	const at, address = "/admin/webhooks/1", "https://hooks.example.com/curfew"
	row := page.WebhookRow{URL: at, Address: address, Description: "Orders: keeps its customers in step"}
	failing := page.WebhookRow{URL: at, Address: "https://hooks.example.com/a-rather-long-path/that-goes-on/for-quite-a-while?tenant=orders", FailingSince: sampleTime.Add(-3 * time.Hour),
		Events: []string{"session.created", "session.ended", "email.created"}}
	disabled := page.WebhookRow{URL: at, Address: address, DisabledAt: sampleTime.AddDate(0, 0, -1), DisabledReason: "failed"}
	gone := disabled
	gone.DisabledReason, gone.Events = "gone", []string{"user.deleted"}
	blank := page.AdminWebhookForm{Console: console(page.PathAdminWebhooks), Form: page.Form{Action: "/admin/new-webhook"}, New: true, Signature: "hmac", CancelURL: page.PathAdminWebhooks}
	faulty := blank
	faulty.URL, faulty.Owner, faulty.Some, faulty.Private, faulty.MailIsTheirs, faulty.TextIsTheirs = "http://10.0.0.7/hooks", sampleEmail, true, true, true, true
	faulty.Errors = page.Errors{"url": page.Msg(page.HookURLHTTPS), "events": page.Msg(page.HookNoEvents)}
	edit := page.AdminWebhookForm{Console: console(page.PathAdminWebhooks), Form: page.Form{Action: at + "/edit", Errors: page.Fault("", page.ChangedMeanwhile)}, URL: address, Description: row.Description,
		Owner: sampleEmail, Some: true, Chosen: []string{"user.created", "user.deleted", "email.created"}, Signature: "hmac", Version: 3, CancelURL: at}
	admins, kept := blank, edit
	admins.Some, admins.Withheld = true, []string{"email.created", "sms.created"}
	kept.Withheld, kept.URLWithheld, kept.URL, kept.Errors = []string{"sms.created"}, true, address+"/2", page.Fault("url", page.HookOwnersURL)
	log := []page.WebhookDeliveryRow{
		{URL: at + "/deliveries/4", Type: "session.ended", Outcome: "pending", Failure: "receiver_fault", Status: 503, Attempts: 3, At: sampleTime.Add(-time.Minute)},
		{URL: at + "/deliveries/3", Type: "session.created", Outcome: "delivered", Status: 204, Attempts: 1, At: sampleTime.Add(-time.Hour), ResendAction: at + "/deliveries/3/resend"},
		{URL: at + "/deliveries/2", Type: "user.updated", Outcome: "failed", Failure: "unreachable", Attempts: 98, At: sampleTime.AddDate(0, 0, -2), ResendAction: at + "/deliveries/2/resend"},
		{URL: at + "/deliveries/1", Outcome: "gone", Attempts: 1, At: sampleTime.AddDate(0, -1, 0)},
	}
	stacks := []page.Stack{{Name: "node", URL: at + "?stack=node", Current: true}, {Name: "svix", URL: at + "?stack=svix"}, {Name: "go", URL: at + "?stack=go"}}
	snippet := page.Snippet{File: "app.mjs", Install: "npm install express standardwebhooks", Code: "import { Webhook } from \"standardwebhooks\";\n\nconst webhook = new Webhook(process.env.CURFEW_WEBHOOK_SECRET);\n"}
	hook := page.AdminWebhook{Console: console(page.PathAdminWebhooks), Row: row, ID: "whk_01jnf0k2m3n4p5q6r7s8t9v0wx", Owner: sampleEmail, Signature: "hmac", LogURL: at, UpdatedAt: sampleTime, Stacks: stacks, Stack: "node", Snippet: snippet,
		EditURL: at + "/edit", RotateURL: at + "/secret", TestAction: at + "/test", DeleteAction: at + "/delete"}
	made, failed, off, read := hook, hook, hook, hook
	made.Secret, made.Notice = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDE8Y6Y2Zt1Nw=", page.Msg(page.HookCreated)
	failed.Row, failed.Deliveries, failed.Private, failed.PreviousUntil = failing, log, true, sampleTime.Add(20*time.Hour)
	failed.LookedAt, failed.Outcome, failed.Pager = 10_000, "", page.Pager{NextURL: at + "?after=1#deliveries"}
	off.Row, off.TestAction, off.EnableAction = gone, "", at+"/enable"
	read.Row, read.EditURL, read.RotateURL, read.TestAction, read.DeleteAction, read.Outcome, read.Owner = disabled, "", "", "", "", "failed", ""
	read.Signature, read.PublicKey, read.Stacks = "ed25519", "whpk_zUH9M2JcrwWqnJoFa1BdaW6mRX0qY7gyUPb7rX7ROn0=", []page.Stack{stacks[0], stacks[2]}
	read.Snippet = page.Snippet{File: "app.mjs", Install: "npm install express", Code: "import { createPublicKey, verify } from \"node:crypto\";\n"}
	waiting := page.AdminWebhookDelivery{Console: console(page.PathAdminWebhooks), Row: log[0], HookURL: at, Address: address, ID: "dlv_01jnf0k2m3n4p5q6r7s8t9v0wx", MessageID: "msg_01jnf0k2m3n4p5q6r7s8t9v0wx",
		SentAt: sampleTime.Add(-20 * time.Second), AnsweredAt: sampleTime.Add(-19 * time.Second), Took: 420 * time.Millisecond, NextAt: sampleTime.Add(4 * time.Second), GivenUpAt: sampleTime.Add(24 * time.Hour),
		Payload: "{\n  \"type\": \"session.ended\",\n  \"timestamp\": \"2026-03-01T12:00:00.000Z\",\n  \"data\": {\n    \"id\": \"ses_01jnf0k2m3n4p5q6r7s8t9v0wx\"\n  }\n}", PrivateLeftOut: true}
	letter := page.AdminWebhookDelivery{Console: console(page.PathAdminWebhooks), Row: log[2], HookURL: at, Address: address, ID: "dlv_2", MessageID: "msg_2", SentAt: sampleTime, SettledAt: sampleTime,
		Payload: "{\n  \"type\": \"email.created\"\n}", TextLeftOut: true}
	letter.Row.Type = "email.created"
	forgotten := page.AdminWebhookDelivery{Console: console(page.PathAdminWebhooks), Row: log[3], HookURL: at, Address: address, ID: "dlv_1", MessageID: "msg_1", SettledAt: sampleTime, Disabled: true}
	return []Sample{
		ok("admin_webhooks", page.AdminWebhooks{Console: console(page.PathAdminWebhooks), NewURL: "/admin/new-webhook", Rows: []page.WebhookRow{row, failing, disabled}, Unheard: []string{"email.created", "sms.created"}}),
		ok("admin_webhooks-full", page.AdminWebhooks{Console: console(page.PathAdminWebhooks), Most: 50, Rows: []page.WebhookRow{row}}),
		ok("admin_webhooks-none", page.AdminWebhooks{Console: console(page.PathAdminWebhooks), NewURL: "/admin/new-webhook"}),
		ok("admin_webhook_form", blank),
		refused("admin_webhook_form-faulty", faulty),
		refused("admin_webhook_form-changed", edit),
		ok("admin_webhook_form-admin", admins),
		refused("admin_webhook_form-admin-kept", kept),
		ok("admin_webhook", made),
		ok("admin_webhook-failing", failed),
		ok("admin_webhook-disabled", off),
		ok("admin_webhook-read", read),
		ok("admin_webhook_secret", page.AdminWebhookSecret{Console: console(page.PathAdminWebhooks), Form: page.Form{Action: at + "/secret"}, Address: address, Signature: "hmac", Overlap: "day", PreviousUntil: sampleTime.Add(time.Hour), CancelURL: at}),
		ok("admin_webhook_secret-key", page.AdminWebhookSecret{Console: console(page.PathAdminWebhooks), Form: page.Form{Action: at + "/secret"}, Address: address, Signature: "ed25519", Overlap: "none", CancelURL: at}),
		ok("admin_webhook_delivery", waiting),
		ok("admin_webhook_delivery-letter", letter),
		ok("admin_webhook_delivery-forgotten", forgotten),
	}
}
