package main

import (
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// TestMain lets this test binary be one of the children.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	exit(children[os.Args[1]]())
}

// The benchmark itself, so short that its figures say nothing: that every answer was right is what counts.
func TestMeasure(t *testing.T) {
	r, err := measure(t.Context(), settings{Window: 400 * time.Millisecond, Runs: 1, Sessions: 64, Connections: 4, Rate: 100,
		Idle: 100 * time.Millisecond, Gate: 1e6, Aim: 150})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 6 || !r.Passed {
		t.Fatalf("%d results, passed %v", len(r.Results), r.Passed)
	}
	for _, x := range r.Results {
		if x.PerSecond <= 0 || x.P50 <= 0 || x.P99 < x.P50 || x.Rate == 0 && (x.Server <= 0 || x.Total < x.Server) {
			t.Errorf("%s at %.0f/s: %+v", x.Scenario, x.Rate, x)
		}
	}
	if f := r.Floor; f.Exchange <= 0 || f.StatementClient <= 0 || f.Signatures <= 0 || f.Sum < f.Signatures {
		t.Errorf("floor %+v", f)
	}
	var text strings.Builder
	r.print(&text)
	for _, want := range []string{refreshKept, refreshRotating, clientCredentials, "floor", "gate", "aim"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the report says nothing about %q:\n%s", want, &text)
		}
	}
	if err := json.NewEncoder(io.Discard).Encode(r); err != nil {
		t.Error(err)
	}
}

func TestGateIsKept(t *testing.T) {
	r := &report{Gate: 300, Floor: parts{Sum: 100}, Results: []result{{Scenario: refreshKept, Total: 250},
		{Scenario: refreshKept, Rate: 200, Total: 900}, {Scenario: clientCredentials, Total: 400}}}
	if r.judge(); !r.Passed {
		t.Error("failed for what is no refresh at saturation")
	}
	if r.Results[0].FloorRatio != 2.5 || r.Results[2].FloorRatio != 0 {
		t.Errorf("ratios %+v", r.Results)
	}
	r.Results = append(r.Results, result{Scenario: refreshRotating, Total: 301})
	if r.judge(); r.Passed {
		t.Error("passed with a refresh over the gate")
	}
}

func TestBadAnswersAreSeen(t *testing.T) {
	x := &refreshing{chains: []*chain{{Refresh: "old"}}, connections: 1, rotates: true}
	for body, status := range map[string]int{
		`{"error":"invalid_grant"}`: 400,
		`not JSON`:                  200,
		`{"access_token":"a","refresh_token":"new","expires_in":60}`:                    200, // no ID token
		`{"access_token":"a","id_token":"i","refresh_token":"old","expires_in":60}`:     200, // not rotated
		`{"access_token":"a","id_token":"i","refresh_token":"new","expires_in":3600}`:   200, // too long
		`{"access_token":"a.b.c","id_token":"i","refresh_token":"new","expires_in":60}`: 200, // not signed
	} {
		if err := x.answered(0, 0, status, []byte(body)); err == nil {
			t.Errorf("%d %s was taken for an answer", status, body)
		}
		x.chains[0].Refresh = "old"
	}
}

func TestParseStat(t *testing.T) {
	line := "12 (a ) b) S 7 1 1 0 -1 4194560 1 2 3 4 150 25 30 5 20 0 1 0 100 0 0"
	own, collected, parent, err := parseStat([]byte(line))
	if err != nil || own != 1750*time.Millisecond || collected != 350*time.Millisecond || parent != 7 {
		t.Errorf("own %v, collected %v, parent %d, %v", own, collected, parent, err)
	}
	if _, _, _, err := parseStat([]byte("12 (x) S 7")); err == nil {
		t.Error("half a line was read")
	}
}

func TestMiddleIsTheMedianOfEachFigure(t *testing.T) {
	x := middle([]result{{Server: 9, Database: 1, Total: 10}, {Server: 2, Database: 5, Total: 7}, {Server: 3, Database: 2, Total: 5}})
	if x.Server != 3 || x.Database != 2 || x.Total != 7 || x.Min != 5 || x.Max != 10 {
		t.Errorf("%+v", x)
	}
}
