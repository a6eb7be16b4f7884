package trace

import "time"

// Snapshot is a scope at one instant: what it owns, and what it waits for when
// it is ending. It is a copy and can be read from any number of goroutines.
// Each live thing is in it once. A child made by Scope.Child is an item, which
// is its place in the teardown, and its inside is one of Children.
type Snapshot struct {
	Name     string
	Path     string         // "orders/request"
	State    string         // open, draining, dropping or closed
	Since    time.Duration  // how long it has been in State
	Error    string         // the cause, once cancelled
	Schedule string         // waves, eager or sequential
	Grace    time.Duration  // 0: no limit
	Left     time.Duration  // of the grace, while it runs
	Items    []SnapshotItem // in order of registration
	Children []Snapshot     // nested runs and children, in order of their start
}

// SnapshotItem is one task, daemon, child or guard of a [Snapshot].
type SnapshotItem struct {
	Kind      string // task, daemon, child or guard
	Name      string
	State     string        // a lower-case word such as running, live or dropping
	Age       time.Duration // since it was started or registered
	Waited    time.Duration // how long the exit has been waiting for it; 0 when it is not
	DependsOn []string      // names of the guards, daemons and children it uses
	Wave      int           // in which it is or would be dropped
}
