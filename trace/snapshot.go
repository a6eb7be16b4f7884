package trace

import (
	"time"

	"github.com/ebb-go/ebb/internal/term"
)

// Snapshot is a scope at one instant: what it owns, and what it waits for when
// it is ending. It is a copy and can be read from any number of goroutines.
// Each live thing is in it once, and equal tasks are one item with a count. A
// child made by Scope.Child is an item, which
// is its place in the teardown, and its inside is one of Children.
type Snapshot struct {
	Name     string
	Path     string         // "orders/request"
	State    string         // open, draining, dropping or closed
	Since    time.Duration  // how long it has been in State
	Error    string         // the cause, once canceled
	Schedule string         // waves, eager or sequential
	Grace    time.Duration  // 0: no limit
	Left     time.Duration  // of the grace, while it runs
	Items    []SnapshotItem // tasks by name, then what is registered, in order
	Children []Snapshot     // nested runs and children, in order of their start
}

// SnapshotItem is one daemon, child or guard of a [Snapshot], or the tasks of one
// name that are in the same state. What is being opened is an item too, in the
// state opening; it has no place in the teardown yet.
type SnapshotItem struct {
	Kind      string // task, daemon, child or guard
	Name      string
	State     string        // a lower-case word such as running, opening, live or dropping
	Age       time.Duration // since it was started or registered; of several, the oldest
	Count     int           // of how many equal ones it is; 0 and 1 both mean one
	Waited    time.Duration // how long the exit has been waiting for it; 0 when it is not
	DependsOn []string      // names of the guards, daemons and children it uses
	Wave      int           // in which it is or would be dropped; -1: it has no place in the teardown yet
}

// placed reports whether the item has a place in the teardown.
func (it SnapshotItem) placed() bool { return it.Kind != "task" && it.Wave >= 0 }

// count is of how many the item is.
func (it SnapshotItem) count() int { return max(1, it.Count) }

// counted is Count if there are several.
func (it SnapshotItem) counted() int {
	if it.Count > 1 {
		return it.Count
	}
	return 0
}

// label is the name, with how many there are: "76 x upstream". It has at most n
// cells.
func (it SnapshotItem) label(n int) string {
	if it.count() == 1 {
		return term.Fit(it.Name, n)
	}
	many := term.Thousands(it.Count) + " x "
	return many + term.Fit(it.Name, max(1, n-len(many)))
}
