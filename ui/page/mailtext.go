package page

import (
	"regexp"
	"strings"
)

// piece is a stretch of a mail's text: words, or an address to follow.
type piece struct {
	Text, URL string
}

var addresses = regexp.MustCompile(`https?://[^\s<>"]+`)

// Pieces splits the text of a mail at its addresses.
func (v view) Pieces(body string) []piece {
	var list []piece
	for {
		at := addresses.FindStringIndex(body)
		if at == nil {
			break
		}
		// A full stop after an address ends the sentence, not the address.
		url := strings.TrimRight(body[at[0]:at[1]], ".,;:!?)")
		end := at[0] + len(url)
		list = append(list, piece{Text: body[:at[0]]}, piece{URL: url})
		body = body[end:]
	}
	return append(list, piece{Text: body})
}
