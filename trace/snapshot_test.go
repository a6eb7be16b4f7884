package trace_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

func snapshotText(t *testing.T, s trace.Snapshot) string {
	t.Helper()
	var b bytes.Buffer
	if err := s.WriteText(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSnapshotText(t *testing.T) {
	golden(t, "snapshot.txt", snapshotText(t, sampleSnapshot()))
	if got := snapshotText(t, trace.Snapshot{Name: "a", State: "open"}); got != "scope a  open\n" {
		t.Errorf("of an empty scope: %q", got)
	}
}

// A child is an item of its parent and a snapshot of its own, and is written
// once; an item without such a snapshot is written as an item.
func TestSnapshotTextWritesChildrenOnce(t *testing.T) {
	s := sampleSnapshot()
	s.Items[3].Waited = 700 * milli
	text := snapshotText(t, s)
	if n := strings.Count(text, "tenant-a"); n != 1 {
		t.Errorf("the child occurs %d times in\n%s", n, text)
	}
	if !strings.Contains(text, "scope tenant-a  open for 25s, exit waits for it: 700ms") {
		t.Errorf("not said that the exit waits for the child:\n%s", text)
	}
	s.Children = nil
	if text := snapshotText(t, s); !strings.Contains(text, "child  tenant-a  dropped 25s, exit waits for it: 700ms") {
		t.Errorf("got\n%s", text)
	}
}

// However much a scope owns, what its exit waits for is seen.
func TestSnapshotTextOfMany(t *testing.T) {
	s := trace.Snapshot{Name: "big", State: "draining"}
	for i := range 10_000 {
		s.Items = append(s.Items, trace.SnapshotItem{Kind: "task", Name: fmt.Sprint("t", i), State: "running"})
		s.Children = append(s.Children, trace.Snapshot{Name: "request", State: "open"})
	}
	s.Items[9_000].Waited = time.Second
	text := snapshotText(t, s)
	if n := strings.Count(text, "\n"); n != 402 {
		t.Errorf("%d lines, want one of the scope, 200 items, 200 children, and a count", n)
	}
	if !strings.Contains(text, "t9000") || !strings.HasSuffix(text, "└─ + 19,600 more\n") {
		t.Errorf("got\n%.300s", text)
	}
}

// The tree's branches: every line but the last of a level has a sibling below.
func TestSnapshotTextTree(t *testing.T) {
	s := trace.Snapshot{Name: "a", State: "open", Children: []trace.Snapshot{
		{Name: "b", State: "open", Items: []trace.SnapshotItem{{Kind: "task", Name: "t", State: "running"}}},
		{Name: "c", State: "open", Children: []trace.Snapshot{{Name: "d", State: "open"}}},
	}}
	want := "scope a  open\n" +
		"├─ scope b  open\n" +
		"│  └─ task   t  running\n" +
		"└─ scope c  open\n" +
		"   └─ scope d  open\n"
	if got := snapshotText(t, s); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestSnapshotTextIsSafe(t *testing.T) {
	var s trace.Snapshot
	for _, name := range hostileNames {
		s = trace.Snapshot{Name: name, Path: name, State: name, Error: name, Children: []trace.Snapshot{s},
			Items: []trace.SnapshotItem{{Kind: "guard", Name: name, State: name, Waited: 1}}}
	}
	text := snapshotText(t, s)
	for _, bad := range []string{"\x1b", "\r", "\t", "\u202e", "\u2066", "\x00"} {
		if strings.Contains(text, bad) {
			t.Errorf("the text contains %+q", bad)
		}
	}
	if got, want := strings.Count(text, "\n"), 2*len(hostileNames)+1; got != want {
		t.Errorf("%d lines, want %d", got, want)
	}
}

// The picture shows what is a node of the teardown, not the tasks, and says
// what state is not the usual one.
func TestSnapshotSVG(t *testing.T) {
	var b bytes.Buffer
	if err := sampleSnapshot().WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "snapshot.svg", b.String())
	for text, want := range map[string]int{">postgres</text>": 1, ">tenant-a</text>": 1, ">warm-up</text>": 0, ">dropping</text>": 1, ">live</text>": 0} {
		if got := strings.Count(b.String(), text); got != want {
			t.Errorf("%s occurs %d times, want %d", text, got, want)
		}
	}
}
