package engine

import (
	"time"

	"github.com/ebb-go/ebb/internal/outcome"
)

// An Outcome is how the drop of one node ended. The word is one of
//
//	ok         it returned nil, in time or before it was abandoned
//	error      it returned an error
//	panic      it panicked
//	goexit     it called runtime.Goexit
//	timeout    it returned an error after its time was up
//	abandoned  its time was up and it had not returned in the tenth after that;
//	           Err is ErrAbandoned
//	skipped    it was never started: an abandoned node with Hold depends on it
//	           (Err is an ErrAbandoned then), or the run was forced (ErrForced)
type Outcome struct {
	Node           *Node
	Wave           int
	Outcome        outcome.Outcome
	Err            error
	Started, Ended time.Time

	// Only with Observe: which of its dependents ended last, and when that was; nil
	// and the start of the run if it had none.
	Queued     time.Time
	ReleasedBy *Node

	Turn      int      // if the schedule is a line, its place in it
	Overrun   *Overrun // of timeout and abandoned
	Elsewhere bool     // an earlier run drops the node, and this one only waited for it
}

// Overrun is what is known of a drop whose time was up.
type Overrun struct {
	Limit  time.Duration // after which its context was canceled; 0 if it had none and was forced
	Cause  error         // with which its context was canceled
	Blocks []string      // what waited for it, directly or not: at most ten names, then "and N more"
	Stack  string        // of the goroutine that runs it; only of the first 32 abandoned in a run
}

// EventKind is what an [Event] is about.
type EventKind uint8

const (
	WaveStart EventKind = iota // before any DropStart of the wave; schedules with waves only, as is WaveEnd
	WaveEnd                    // after the last DropEnd of the wave, before the next WaveStart
	DropStart                  // on the goroutine that is going to run the drop, right before it does
	DropSlow                   // once, for a drop that runs longer than Slow
	DropEnd                    // ended, abandoned or skipped: exactly once for every node
	DropLate                   // an abandoned drop has returned after all; Err is its result
)

// String returns the name in lower case.
func (k EventKind) String() string {
	switch k {
	case WaveStart:
		return "wave start"
	case WaveEnd:
		return "wave end"
	case DropStart:
		return "drop start"
	case DropSlow:
		return "drop slow"
	case DropEnd:
		return "drop end"
	case DropLate:
		return "drop late"
	}
	return "unknown"
}

// An Event is one thing that happens in a run. Fields that mean nothing for its
// kind are zero.
type Event struct {
	Kind       EventKind
	Node       *Node           // Drop events
	Wave       int             // all events
	Size       int             // Wave events: how many nodes
	At         time.Time       // all events
	Outcome    outcome.Outcome // DropEnd, DropLate
	Err        error           // DropEnd, DropLate
	Queued     time.Time       // Drop events: as in Outcome
	ReleasedBy *Node           // Drop events: as in Outcome
	Overrun    *Overrun        // DropEnd
	Blocks     []string        // DropSlow: as in Overrun
	Elsewhere  bool            // Drop events: as in Outcome
}
