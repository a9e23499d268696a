package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

const pathDescription = "/v1/openapi.json"

// config turns off what the framework would add by itself: a page of documentation that loads scripts from elsewhere,
// schemas under their own paths and links to them in every answer.
func (a *API) config() huma.Config {
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: decode}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "curfew management API", Version: "1",
				Description: "Times are milliseconds since 1970 in UTC, except where RFC 7591 says seconds. Lists are read a " +
					"page at a time: pass next_cursor as starting_after until has_more is false. Errors are problem details " +
					"(RFC 9457); the code is stable, the text is for people."},
			Servers:    []*huma.Server{{URL: a.Issuer}},
			Components: &huma.Components{SecuritySchemes: a.securitySchemes()},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format}, // "json" is how ...+json is looked up
		DefaultFormat: "application/json", RejectUnknownQueryParameters: true,
		Transformers: []huma.Transformer{withRequestID},
	}
}

// describe prepares the bytes of the description.
func (a *API) describe() (err error) {
	for op := range a.operations() {
		for _, r := range op.Responses {
			for _, content := range r.Content {
				a.openAnswer(content.Schema)
			}
		}
	}
	if a.description, err = json.Marshal(a.huma.OpenAPI()); err != nil {
		return fmt.Errorf("describe the API: %w", err)
	}
	return nil
}

// openAnswer allows members beyond the known ones in an answer, so that the next one is no breach of the description.
// What is sent to us stays closed.
func (a *API) openAnswer(s *huma.Schema) {
	if s == nil {
		return
	}
	if strings.HasPrefix(s.Ref, "#") {
		s = a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	if s.AdditionalProperties == false {
		s.AdditionalProperties = nil
	}
	a.openAnswer(s.Items)
	for _, member := range s.Properties {
		a.openAnswer(member)
	}
}

// operations yields all that were added.
func (a *API) operations() func(yield func(*huma.Operation) bool) {
	return func(yield func(*huma.Operation) bool) {
		for _, item := range a.huma.OpenAPI().Paths {
			for _, op := range []*huma.Operation{item.Get, item.Put, item.Post, item.Delete, item.Options, item.Head, item.Patch, item.Trace} {
				if op != nil && !yield(op) {
					return
				}
			}
		}
	}
}

func (a *API) serveDescription(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(a.description)
}
