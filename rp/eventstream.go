package rp

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// Limits of a stream. One that passes them is not the provider's, or not well.
const (
	maxEventLine = 64 << 10
	maxEventData = 256 << 10
	maxEventID   = 256
)

var errStreamTooLong = errors.New("event stream: longer than it may be")

// streamEvent is one dispatched event, or, without a Name, the end of a block that was none: such a block still moves the
// position.
type streamEvent struct {
	Name string // message if the stream does not say
	Data string
	ID   string // the position after this event
}

// eventReader parses server-sent events as HTML 9.2.5 and 9.2.6 say.
type eventReader struct {
	in    *bufio.Reader
	line  []byte
	fresh bool // nothing was read: a byte order mark may come
	cr    bool // the last line ended with CR: an LF that follows is part of its end
	id    string
	retry time.Duration // zero until the stream sets it
}

func newEventReader(r io.Reader) *eventReader {
	return &eventReader{in: bufio.NewReader(r), fresh: true}
}

// next returns when a block is complete. What the end of the stream cuts off is dropped, as 9.2.6 says: it is told again.
func (e *eventReader) next() (streamEvent, error) {
	var name string
	var data strings.Builder
	for {
		line, err := e.readLine()
		if err != nil {
			return streamEvent{}, err
		}
		if len(line) == 0 {
			if data.Len() == 0 {
				return streamEvent{ID: e.id}, nil
			}
			if name == "" {
				name = "message"
			}
			return streamEvent{Name: name, Data: strings.TrimSuffix(data.String(), "\n"), ID: e.id}, nil
		}
		field, value, _ := strings.Cut(string(line), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "data":
			if data.Len()+len(value) > maxEventData {
				return streamEvent{}, errStreamTooLong
			}
			data.WriteString(value)
			data.WriteByte('\n')
		case "id":
			if len(value) > maxEventID {
				return streamEvent{}, errStreamTooLong
			}
			// It becomes a header: NUL by 9.2.6, other control characters because they may not stand there.
			if !strings.ContainsFunc(value, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
				e.id = value
			}
		case "retry":
			if ms, err := strconv.ParseUint(value, 10, 31); err == nil && onlyDigits(value) {
				e.retry = time.Duration(ms) * time.Millisecond
			}
		default: // a comment, whose field is empty, or one that is not known
		}
	}
}

func onlyDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// readLine returns a line without its end, which is CR, LF or both. It does not wait for the LF after a CR: that may come
// only with the next event.
func (e *eventReader) readLine() ([]byte, error) {
	if e.fresh {
		e.fresh = false
		if b, err := e.in.Peek(3); err == nil && string(b) == "\xef\xbb\xbf" {
			_, _ = e.in.Discard(3) // they are in the buffer
		}
	}
	e.line = e.line[:0]
	for {
		c, err := e.in.ReadByte()
		if err != nil {
			return nil, err
		}
		after := e.cr
		e.cr = c == '\r'
		switch {
		case c == '\n' && after:
		case c == '\n' || c == '\r':
			return e.line, nil
		case len(e.line) >= maxEventLine:
			return nil, errStreamTooLong
		default:
			e.line = append(e.line, c)
		}
	}
}
