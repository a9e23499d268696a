package token

import (
	"encoding/json"
	"strconv"
	"strings"
)

// The claims are written by hand: they are known, few and on the hot path. Nothing but appendString writes text that came
// from outside.

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// appendString appends s as a JSON string.
func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always encodes; invalid UTF-8 is replaced
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// appendMember appends ,"name":"value" and nothing where value is empty.
func appendMember(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	return appendString(b, value)
}

// appendWords appends a space-delimited list as a JSON array member.
func appendWords(b []byte, name, words string) []byte {
	if words == "" {
		return b
	}
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':', '[')
	for i, w := range strings.Fields(words) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, w)
	}
	return append(b, ']')
}

// appendMembers appends members that are JSON already.
func appendMembers(b, members []byte) []byte {
	if len(members) == 0 {
		return b
	}
	return append(append(b, ','), members...)
}
