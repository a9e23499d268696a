package webhook

import (
	"encoding/json"
	"fmt"
	"time"
)

// payload is the body of a request (Standard Webhooks, Payload structure).
type payload struct {
	Type      Event           `json:"type"`
	Timestamp string          `json:"timestamp"` // of the act, not of the attempt
	Data      json.RawMessage `json:"data"`
}

func compose(e Event, at time.Time, data any) (string, error) {
	doc, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("describe %s: %w", e, err)
	}
	body, err := json.Marshal(payload{e, at.UTC().Format("2006-01-02T15:04:05.000Z07:00"), doc})
	return string(body), err
}

const privateMember = "private_metadata"

// split takes private metadata out of the document of a user.
func split(doc any) (open map[string]json.RawMessage, private string, err error) {
	b, err := json.Marshal(doc)
	if err == nil {
		err = json.Unmarshal(b, &open)
	}
	if err != nil {
		return nil, "", fmt.Errorf("take apart %T: %w", doc, err)
	}
	private = string(open[privateMember])
	delete(open, privateMember)
	return open, private, nil
}

// join puts private metadata back into a body.
func join(body, private string) ([]byte, error) {
	if private == "" {
		return []byte(body), nil
	}
	var p payload
	var doc map[string]json.RawMessage
	err := json.Unmarshal([]byte(body), &p)
	if err == nil {
		err = json.Unmarshal(p.Data, &doc)
	}
	if err == nil {
		doc[privateMember] = json.RawMessage(private)
		p.Data, err = json.Marshal(doc)
	}
	if err != nil {
		return nil, fmt.Errorf("complete a payload: %w", err)
	}
	return json.Marshal(p)
}
