package rp

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func readEvents(r io.Reader) (events []streamEvent, last *eventReader, err error) {
	last = newEventReader(r)
	for {
		e, err := last.next()
		if err != nil {
			return events, last, err
		}
		events = append(events, e)
	}
}

func TestEventStream(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []streamEvent
	}{
		"lines of data":       {"data: a\ndata: b\n\n", []streamEvent{{"message", "a\nb", ""}}},
		"CR":                  {"data: a\rid: 1\r\r", []streamEvent{{"message", "a", "1"}}},
		"CR LF":               {"event: x\r\ndata: a\r\n\r\n", []streamEvent{{"x", "a", ""}}},
		"mixed":               {"data: a\r\ndata: b\rdata: c\n\r\n", []streamEvent{{"message", "a\nb\nc", ""}}},
		"byte order mark":     {"\xef\xbb\xbfdata: a\n\n", []streamEvent{{"message", "a", ""}}},
		"one space goes":      {"data:a\n\ndata:  a\n\n", []streamEvent{{"message", "a", ""}, {"message", " a", ""}}},
		"colons":              {"data: a: b\n\n", []streamEvent{{"message", "a: b", ""}}},
		"no colon":            {"data\n\ndata\ndata\n\n", []streamEvent{{"message", "", ""}, {"message", "\n", ""}}},
		"comments":            {": hello\n:\n\n", []streamEvent{{}}},
		"unknown":             {"dater: a\n data: b\ndata: c\n\n", []streamEvent{{"message", "c", ""}}},
		"a position alone":    {"id: 7\n\n: still here\nid: 9\n\n", []streamEvent{{ID: "7"}, {ID: "9"}}},
		"the position stays":  {"id: 7\ndata: a\n\ndata: b\n\n", []streamEvent{{"message", "a", "7"}, {"message", "b", "7"}}},
		"it can be cleared":   {"id: 7\n\nid\ndata: a\n\n", []streamEvent{{ID: "7"}, {"message", "a", ""}}},
		"NUL in an id":        {"id: 7\n\nid: 8\x00\ndata: a\n\n", []streamEvent{{ID: "7"}, {"message", "a", "7"}}},
		"a name without data": {"event: x\n\ndata: a\n\n", []streamEvent{{}, {"message", "a", ""}}},
		"cut off":             {"data: a\n\ndata: b\n", []streamEvent{{"message", "a", ""}}},
		"cut in a line":       {"data: a\n\ndata: b", []streamEvent{{"message", "a", ""}}},
	} {
		for way, r := range map[string]io.Reader{"": strings.NewReader(c.text), "byte by byte": iotest.OneByteReader(strings.NewReader(c.text))} {
			got, _, err := readEvents(r)
			if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, io.EOF) {
				t.Errorf("%s %s: %v\n%s", name, way, err, diff)
			}
		}
	}
	for text, want := range map[string]time.Duration{
		"retry: 1500\n\n": 1500 * time.Millisecond, "retry: 1s\n\n": 0, "retry: -1\n\n": 0, "retry: +1\n\n": 0, "retry: 99999999999999999999\n\n": 0, "retry\n\n": 0,
	} {
		if _, r, _ := readEvents(strings.NewReader(text)); r.retry != want {
			t.Errorf("%q: %v", text, r.retry)
		}
	}
	for name, text := range map[string]string{
		"line": "data: " + strings.Repeat("a", maxEventLine) + "\n\n",
		"data": strings.Repeat("data: "+strings.Repeat("a", maxEventLine/2)+"\n", 20) + "\n",
		"id":   "id: " + strings.Repeat("1", maxEventID+1) + "\n\n",
	} {
		if events, _, err := readEvents(strings.NewReader(text)); !errors.Is(err, errStreamTooLong) || len(events) != 0 {
			t.Errorf("a long %s: %d events, %v", name, len(events), err)
		}
	}
}

// TestEventStreamDoesNotWait: an event that ends with CR is there before the next one begins.
func TestEventStreamDoesNotWait(t *testing.T) {
	r, w := io.Pipe()
	defer w.Close()
	go func() { _, _ = w.Write([]byte("data: a\r\r")) }()
	events := make(chan streamEvent, 1)
	go func() {
		if e, err := newEventReader(r).next(); err == nil {
			events <- e
		}
	}()
	select {
	case e := <-events:
		if e.Data != "a" {
			t.Errorf("%+v", e)
		}
	case <-time.After(time.Minute):
		t.Error("it waits for a line feed")
	}
}

// FuzzEventStream: whatever comes in, the parser ends, stays within its limits, and does not care how the bytes come or
// how lines end.
func FuzzEventStream(f *testing.F) {
	for _, s := range []string{"data: a\n\n", "id: 1\r\rretry: 5\r\n\r\n", "\xef\xbb\xbfevent: x\ndata\n\n", ":\n", "id: \x00\n\n", "data: a\r", "\r\n\n\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		whole, last, err := readEvents(strings.NewReader(text))
		pieces, _, err2 := readEvents(iotest.OneByteReader(strings.NewReader(text)))
		if diff := cmp.Diff(whole, pieces); diff != "" || err == nil || (err == nil) != (err2 == nil) {
			t.Fatalf("%v, %v\n%s", err, err2, diff)
		}
		if !strings.Contains(text, "\r") && err == io.EOF {
			crlf, _, _ := readEvents(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n")))
			if diff := cmp.Diff(whole, crlf); diff != "" {
				t.Fatal(diff)
			}
		}
		for _, e := range whole {
			if len(e.Data) > maxEventData || len(e.ID) > maxEventID || strings.ContainsAny(e.ID, "\r\n\x00") || e.Name == "" && e.Data != "" {
				t.Fatalf("%+v", e)
			}
		}
		if last.retry < 0 {
			t.Fatal(last.retry)
		}
	})
}
