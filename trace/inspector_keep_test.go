package trace_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"weak"

	"github.com/ebb-go/ebb/trace"
)

func TestTheLastTeardownsAreKept(t *testing.T) {
	var i trace.Inspector
	for n := range 100 {
		i.Add(ended(fmt.Sprint("s", n)))
	}
	if get(t, &i, "?report=68").StatusCode != 404 || get(t, &i, "?report=69").StatusCode != 200 || get(t, &i, "?report=100").StatusCode != 200 {
		t.Error("kept are not the last 32")
	}
}

func TestManyTeardownsOfOnePathDoNotDriveOutTheOthers(t *testing.T) {
	var i trace.Inspector
	i.Add(ended("service"))
	for range 100 {
		i.Add(ended("service/request"))
	}
	i.Add(ended("service"))
	kept := func(n int) bool { return get(t, &i, fmt.Sprint("?report=", n)).StatusCode == 200 }
	if !kept(1) || kept(71) || !kept(72) || !kept(102) {
		t.Error("kept are not both services and the last 30 requests")
	}
}

// heavy is an error that holds on to a megabyte.
type heavy struct{ ballast *[1 << 20]byte }

func (heavy) Error() string { return strings.Repeat("x", 5000) }

// An inspector for years holds neither the errors of a teardown nor all drops
// of a big one, and what it keeps can be drawn.
func TestKeptTeardownsAreSmall(t *testing.T) {
	var i trace.Inspector
	ballast := new([1 << 20]byte)
	held := weak.Make(ballast)
	errs := make([]error, 20000)
	errs[7] = heavy{ballast}
	i.Add(ended("crowd", errs...))
	ballast, errs = nil, nil
	runtime.GC()
	if held.Value() != nil {
		t.Error("the inspector holds on to an error's value")
	}
	var r trace.Report
	if err := json.NewDecoder(get(t, &i, "?report=1&format=json").Body).Decode(&r); err != nil {
		t.Fatal(err)
	}
	if n := len(r.Entries); n > 1000 {
		t.Errorf("%d entries are kept", n)
	}
	contains(t, body(t, get(t, &i, "")), "20,000", "g7 (error)")
	page := body(t, get(t, &i, "?report=1"))
	contains(t, page, "g7", "more", "xxx…")
	if len(page) > 300<<10 {
		t.Errorf("the page has %d bytes", len(page))
	}
}

func TestKeptTeardownsSurviveHollowErrors(t *testing.T) {
	var i trace.Inspector
	i.Add(ended("s", (*hollow)(nil)))
	contains(t, body(t, get(t, &i, "?report=1")), "its Error method panicked")
}

func TestEdgesOfKeptTeardownsAreBounded(t *testing.T) {
	var names []string
	r := &trace.Report{Scope: "s", Schedule: "waves", Started: zero, Ended: atMS(2)}
	for n := range 400 {
		names = append(names, fmt.Sprint("g", n))
		r.Entries = append(r.Entries, trace.Entry{Name: fmt.Sprint("d", n), Outcome: "ok", Started: zero, Ended: atMS(1)})
	}
	for n := range r.Entries {
		r.Entries[n].DependsOn = names
	}
	var i trace.Inspector
	i.Add(r)
	var kept trace.Report
	if err := json.NewDecoder(get(t, &i, "?report=1&format=json").Body).Decode(&kept); err != nil {
		t.Fatal(err)
	}
	edges := 0
	for _, e := range kept.Entries {
		edges += len(e.DependsOn)
	}
	if edges == 0 || edges > 1<<14 || len(r.Entries[399].DependsOn) != 400 {
		t.Errorf("%d edges are kept of 160,000, and the report has %d left", edges, len(r.Entries[399].DependsOn))
	}
}

// hollow is an error whose methods panic at a nil pointer.
type hollow struct{ text string }

func (e *hollow) Error() string { return e.text }
