package trace

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// Drain is what came before the first wave: from the moment when the scope was
// canceled or its body had ended, whichever was earlier, the scope waited for
// its tasks and for the runs nested in it. A scope that had
// nothing to wait for has the zero Drain.
type Drain struct {
	Started time.Time // canceled, or the body had ended
	Ended   time.Time // the first wave began, or the scope closed without one
	Items   []DrainItem
}

// DrainItem is what became of the tasks, or the nested runs, of one name, which
// are counted and not listed: a scope may have thousands of the same.
type DrainItem struct {
	Name      string
	Kind      string        // task or run
	Ended     int           // returned, with an error or without
	Canceled  int           // returned because the scope was canceled
	Abandoned int           // were still running when their time was up
	Refused   int           // never ran, since the scope no longer took them
	Running   int           // still run; 0 in the report of a scope that has closed
	Oldest    time.Duration // age of the oldest that runs; 0 if none does
}

// Took returns how long the drain lasted.
func (d Drain) Took() time.Duration { return between(d.Started, d.Ended) }

// isZero reports whether there was no drain.
func (d Drain) isZero() bool { return d.Started.IsZero() && d.Ended.IsZero() && len(d.Items) == 0 }

// count is of how many the item is.
func (it DrainItem) count() int {
	return it.Ended + it.Canceled + it.Abandoned + it.Refused + it.Running
}

// failed reports whether the item is one to look at.
func (it DrainItem) failed() bool { return it.Abandoned+it.Refused > 0 }

// outcome is "70 ended, 5 canceled, 1 abandoned".
func (it DrainItem) outcome() string {
	var parts []string
	for _, part := range []struct {
		n    int
		word string
	}{{it.Ended, "ended"}, {it.Canceled, "canceled"}, {it.Abandoned, "abandoned"}, {it.Refused, "refused"}, {it.Running, "running"}} {
		if part.n > 0 {
			parts = append(parts, term.Thousands(part.n)+" "+part.word)
		}
	}
	if it.Oldest > 0 {
		parts = append(parts, "oldest "+term.Short(it.Oldest))
	}
	return strings.Join(parts, ", ")
}

// label is "76 x upstream", or "run session" for one nested run. The name has at
// most n cells.
func (it DrainItem) label(n int) string {
	name := term.Fit(it.Name, n)
	if it.Kind != "" && it.Kind != "task" {
		name = term.Fit(it.Kind, 8) + " " + name
	}
	if c := it.count(); c > 1 {
		return fmt.Sprintf("%s x %s", term.Thousands(c), name)
	}
	return name
}

// Summary returns a line for each item, such as "12 x upstream: 11 ended, 1
// abandoned". Those that went wrong come first, then those that are most; beyond
// the first twelve the rest is counted.
func (d Drain) Summary() []string {
	items, more := d.listed()
	lines := make([]string, len(items), len(items)+1)
	for i, it := range items {
		lines[i] = it.label(term.MaxName) + ": " + it.outcome()
	}
	if more > 0 {
		lines = append(lines, "and "+term.Thousands(more)+" more")
	}
	return lines
}

// mostDrained items are written one by one; the rest is counted.
const mostDrained = 12

// listed returns the items that are written: those that went wrong first, and
// of the others those that are most.
func (d Drain) listed() (items []DrainItem, more int) {
	items = append(items, d.Items...)
	slices.SortStableFunc(items, func(a, b DrainItem) int {
		switch {
		case a.failed() == b.failed():
			return cmp.Compare(b.count(), a.count())
		case a.failed():
			return -1
		}
		return 1
	})
	if len(items) > mostDrained+1 {
		return items[:mostDrained], len(items) - mostDrained
	}
	return items, 0
}
