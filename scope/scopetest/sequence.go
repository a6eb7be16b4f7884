package scopetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ebb-go/ebb/internal/schedule"
	"github.com/ebb-go/ebb/trace"
)

// WantOrder fails t unless each of names was dropped before the next: its drop had
// ended when that of the next began. All of them have to have been dropped.
//
// Two drops that took no time, as is common in virtual time, can share an instant,
// and their times tell nothing. Then the order has to be one that the teardown could
// not but keep: the first depends on the second, directly or not, or under the
// schedule waves its wave is the earlier one. Two that only happen to share it fail the test, so a test of
// a sequential teardown gives its stand-ins some time.
func WantOrder(t testing.TB, r *trace.Report, names ...string) {
	t.Helper()
	entries := make([]trace.Entry, 0, len(names))
	for _, name := range names {
		e, ok := find(t, r, name)
		if !ok {
			return
		}
		if e.Outcome == "skipped" {
			t.Errorf("scopetest: %q was skipped, so it is not in any order\n%s", name, text(r))
			return
		}
		entries = append(entries, e)
	}
	for k := range max(len(entries)-1, 0) {
		if why := disorder(r, entries[k], entries[k+1]); why != "" {
			t.Errorf("scopetest: %s\n%s", why, text(r))
		}
	}
}

// disorder says why it does not hold that first was dropped before next, or
// nothing.
func disorder(r *trace.Report, first, next trace.Entry) string {
	switch {
	case next.Started.Before(first.Ended):
		return fmt.Sprintf("the drop of %q began %v before that of %q had ended",
			next.Name, first.Ended.Sub(next.Started), first.Name)
	case next.Started.After(first.Started):
		return ""
	case schedule.Of(r.Schedule).HasWaves() && first.Wave < next.Wave, reaches(r, first, next.Name):
		return ""
	}
	return fmt.Sprintf("nothing says that %q is dropped before %q: both took no time, and the one does not depend on the other",
		first.Name, next.Name)
}

// reaches reports whether from depends on name, directly or not.
func reaches(r *trace.Report, from trace.Entry, name string) bool {
	at := make(map[string]trace.Entry, len(r.Entries))
	for _, e := range r.Entries {
		at[e.Name] = e
	}
	known := map[string]bool{from.Name: true}
	for queue := slices.Clone(from.DependsOn); len(queue) > 0; {
		next := queue[0]
		queue = queue[1:]
		if next == name {
			return true
		}
		if !known[next] {
			known[next] = true
			queue = append(queue, at[next].DependsOn...)
		}
	}
	return false
}
