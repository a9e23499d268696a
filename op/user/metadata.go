package user

import (
	"encoding/json"
	"errors"
	"fmt"
)

// MaxMetadata bounds each tier of a user's metadata, in bytes of compact JSON.
const MaxMetadata = 8 << 10

// Errors of metadata.
var (
	ErrMetadataNoObject = errors.New("must be a JSON object")
	ErrMetadataTooLarge = fmt.Errorf("must be at most %d bytes of JSON", MaxMetadata)
)

// MergeMetadata changes one tier as RFC 7396 has it: members are merged at every depth, null takes a member away, anything
// else that is no object takes the place of what was. Numbers stay as they were written.
func MergeMetadata(was, patch []byte) ([]byte, error) {
	if !isObject(patch) {
		return nil, ErrMetadataNoObject
	}
	merged, err := merge(was, patch)
	if err != nil {
		return nil, err
	}
	if len(merged) > MaxMetadata {
		return nil, ErrMetadataTooLarge
	}
	return merged, nil
}

func merge(was, patch json.RawMessage) (json.RawMessage, error) {
	if !isObject(patch) {
		return patch, nil
	}
	members := map[string]json.RawMessage{}
	if isObject(was) {
		if err := json.Unmarshal(was, &members); err != nil {
			return nil, fmt.Errorf("read metadata: %w", err)
		}
	}
	var changes map[string]json.RawMessage
	if err := json.Unmarshal(patch, &changes); err != nil {
		return nil, ErrMetadataNoObject
	}
	for name, change := range changes {
		if string(change) == "null" {
			delete(members, name)
			continue
		}
		merged, err := merge(members[name], change)
		if err != nil {
			return nil, err
		}
		members[name] = merged
	}
	return json.Marshal(members)
}

func isObject(b []byte) bool {
	for _, c := range b {
		switch c {
		case ' ', '\t', '\r', '\n':
		default:
			return c == '{'
		}
	}
	return false
}
