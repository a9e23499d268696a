package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// patch is a partial T (RFC 7396, at the first level): a member that is there replaces the whole of what was, null takes
// it away, one that is absent stays.
type patch[T any] struct{ members map[string]json.RawMessage }

// UnmarshalJSON implements json.Unmarshaler.
func (p *patch[T]) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, &p.members) }

// Schema implements huma.SchemaProvider: that of T with nothing required and null allowed.
func (patch[T]) Schema(r huma.Registry) *huma.Schema {
	whole := r.Schema(reflect.TypeFor[T](), false, "")
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{}}
	for name, member := range whole.Properties {
		m := *member
		m.Nullable = true
		s.Properties[name] = &m
	}
	return s
}

// text is the value of a member that is a string, otherwise empty.
func (p patch[T]) text(member string) (s string) {
	_ = json.Unmarshal(p.members[member], &s) // what is no string was refused by the schema
	return s
}

// apply returns t as the patch leaves it.
func (p patch[T]) apply(t T) (next T, err error) {
	members, err := membersOf(t)
	if err != nil {
		return next, err
	}
	for name, value := range p.members {
		if string(value) == "null" {
			delete(members, name)
		} else {
			members[name] = value
		}
	}
	b, err := json.Marshal(members)
	if err != nil {
		return next, err
	}
	if err := json.Unmarshal(b, &next); err != nil {
		return next, problem(http.StatusUnprocessableEntity, "invalid_fields", unfit(err), Fault{In: "body", Detail: unfit(err)})
	}
	return next, nil
}

func membersOf(v any) (members map[string]json.RawMessage, err error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("take apart %T: %w", v, err)
	}
	return members, json.Unmarshal(b, &members)
}

// differences returns the members in which two objects differ, as they were and as they are: what the audit keeps.
func differences(before, after any) (was, is map[string]json.RawMessage, err error) {
	if was, err = membersOf(before); err != nil {
		return nil, nil, err
	}
	if is, err = membersOf(after); err != nil {
		return nil, nil, err
	}
	maps.DeleteFunc(was, func(name string, v json.RawMessage) bool {
		same := bytes.Equal(v, is[name])
		if same {
			delete(is, name)
		}
		return same
	})
	return was, is, nil
}

// object is any JSON object, kept as it was written: numbers beyond a float's precision stay what they are.
type object []byte

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("{}"), nil
	}
	return o, nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (o *object) UnmarshalJSON(b []byte) error {
	var compact bytes.Buffer
	if err := json.Compact(&compact, b); err != nil {
		return err
	}
	*o = compact.Bytes()
	return nil
}

// Schema implements huma.SchemaProvider.
func (object) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}
