//go:build unix

package trace_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ebb-go/ebb/trace"
)

// What is written grows with what there is to write: of ten times as much, ten
// times as much is written, and no more than some tens of times as long taken.

// nested is a snapshot with n scopes one inside the other.
func nested(n int) trace.Snapshot {
	s := trace.Snapshot{Name: "request", Path: strings.Repeat("request/", n), State: "open",
		Items: []trace.SnapshotItem{{Kind: "guard", Name: "db", State: "live"}}}
	for k := n - 1; k > 0; k-- {
		s = trace.Snapshot{Name: "request", Path: strings.Repeat("request/", k), State: "open", Children: []trace.Snapshot{s},
			Items: []trace.SnapshotItem{{Kind: "task", Name: fmt.Sprint("t", k), State: "running"}}}
	}
	return s
}

// grows checks that do, which returns how many bytes came out, does not grow
// faster than its input. What is quadratic takes a hundred times as long for ten
// times as much. Compared is the time of the processor, since that of the clock
// depends on what else the machine does.
func grows(t *testing.T, what string, n int, do func(n int) int) {
	t.Helper()
	measure := func(n int) (size int, took time.Duration) {
		took = time.Hour
		for range 3 {
			began := processor(t)
			size = do(n)
			took = min(took, processor(t)-began)
		}
		return size, took
	}
	small, quick := measure(n)
	large, slow := measure(10 * n)
	if large > 13*small {
		t.Errorf("%s: %d bytes of %d, %d bytes of %d", what, small, n, large, 10*n)
	}
	if slow > 45*max(quick, milli) {
		t.Errorf("%s: %v for %d, %v for %d", what, quick, n, slow, 10*n)
	}
}

func processor(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestNestedSnapshotsGrowLinearly(t *testing.T) {
	shots := map[int]trace.Snapshot{}
	for _, n := range []int{300, 3000} {
		shots[n] = nested(n)
	}
	grows(t, "JSON", 300, func(n int) int {
		data, err := json.Marshal(shots[n])
		if err != nil {
			t.Fatal(err)
		}
		return len(data)
	})
	grows(t, "text", 300, func(n int) int { return len(snapshotText(t, shots[n])) })
	stored := map[int][]byte{}
	for n, s := range shots {
		stored[n], _ = json.Marshal(s)
	}
	grows(t, "reading", 300, func(n int) int {
		var s trace.Snapshot
		if err := json.Unmarshal(stored[n], &s); err != nil {
			t.Fatal(err)
		}
		return len(stored[n])
	})
	for _, query := range []string{"", "?format=json", "?format=text"} {
		grows(t, "page "+query, 300, func(n int) int {
			var i trace.Inspector
			i.Watch(source{snapshot: shots[n]})
			return len(body(t, get(t, &i, query)))
		})
	}
}

// A snapshot comes back from JSON as it was.
func TestSnapshotFromJSON(t *testing.T) {
	for _, s := range []trace.Snapshot{sampleSnapshot(), busy().snapshot, nested(20), {}} {
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back trace.Snapshot
		if err := json.Unmarshal(data, &back); err != nil || !reflect.DeepEqual(back, s) {
			t.Errorf("got %+v, %v\nwant %+v", back, err, s)
		}
	}
	if err := json.Unmarshal([]byte(`{"items":3}`), new(trace.Snapshot)); err == nil {
		t.Error("what is no snapshot is read as one")
	}
}

// A tree with more than a page holds is cut, with counts, and what is written has
// no two equal ids, whatever the names are.
func TestPageIsBounded(t *testing.T) {
	var wide func(depth int) trace.Snapshot
	wide = func(depth int) trace.Snapshot {
		s := trace.Snapshot{Name: "a", State: "open", Items: []trace.SnapshotItem{{Kind: "task", Name: "1"}, {Kind: "task 1", Name: ""}, {Kind: "a", Name: "b"}, {Kind: "a b"}}}
		for k := range 20 {
			if depth > 0 {
				c := wide(depth - 1)
				c.Name = []string{"a", "task 1", "", "a-1", "%61"}[k%5]
				s.Children = append(s.Children, c)
			}
		}
		return s
	}
	var i trace.Inspector
	i.Watch(source{snapshot: wide(3)})
	page := body(t, get(t, &i, "?part=live"))
	if len(page) > 4<<20 || !strings.Contains(page, " more</p>") {
		t.Errorf("the page has %d bytes", len(page))
	}
	if ids := strings.Count(page, ` id="`); ids != len(unique(page)) || ids < 1000 {
		t.Errorf("%d ids, %d of them different", ids, len(unique(page)))
	}
	if again := body(t, get(t, &i, "?part=live")); !bytes.Equal([]byte(again), []byte(page)) {
		t.Error("the same scopes have other ids in the next answer")
	}
}
