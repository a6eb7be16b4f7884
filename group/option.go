package group

import (
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// A Schedule says when a node may be dropped, given that its dependents have
// been.
type Schedule uint8

const (
	Waves      Schedule = iota // wave k+1 starts when wave k has ended
	Eager                      // a node is dropped as soon as its last dependent has ended
	Sequential                 // one at a time; respects the edges and otherwise reverses registration
)

// String returns the name in lower case.
func (s Schedule) String() string { return engine.Schedule(s).String() }

// An Option changes how [Graph.Teardown], [Graph.Drop] and [Graph.DropTree] run.
// Of two options that set the same thing the later one counts.
type Option interface{ apply(*engine.Options) }

type option func(*engine.Options)

func (o option) apply(to *engine.Options) { o(to) }

// settings returns what opts ask for. The good path has no option and does not
// allocate.
func settings(opts []Option) engine.Options {
	if len(opts) == 0 {
		return engine.Options{}
	}
	o := new(engine.Options)
	for _, opt := range opts {
		opt.apply(o)
	}
	return *o
}

// Order sets the schedule. The default is [Waves].
func Order(s Schedule) Option {
	return option(func(o *engine.Options) { o.Schedule = engine.Schedule(s) })
}

// Limit bounds how many drops run at a time. Abandoned drops do not count. The
// default, 0 or less, is no limit.
func Limit(n int) Option { return option(func(o *engine.Options) { o.Limit = max(n, 0) }) }

// Timeout bounds each drop: after d its context is canceled, with a cause that
// names the node and is a [context.DeadlineExceeded], and it is abandoned after a
// tenth of d more, or after one second more if that is less. The default, 0 or
// less, is no limit.
func Timeout(d time.Duration) Option {
	return option(func(o *engine.Options) { o.Timeout = max(d, 0) })
}

// Observe calls f for each [Event] as it happens. The calls are concurrent, and
// the time that they take is part of the run. If f panics or calls
// runtime.Goexit, the run goes on, and once it is complete the method that began
// it panics with a [*PanicError].
func Observe(f func(Event)) Option {
	return option(func(o *engine.Options) {
		o.Observe = nil
		if f != nil {
			o.Observe = func(e engine.Event) { report(f, e) }
		}
	})
}

// An EventKind is what an [Event] is about, as a word.
type EventKind string

const (
	DropStart EventKind = "drop start" // on the goroutine that is going to run the drop, right before it does
	DropEnd   EventKind = "drop end"   // the drop has ended, was abandoned or skipped: exactly once for every node
	DropLate  EventKind = "drop late"  // an abandoned drop has returned after all
)

// An Event is one thing that happens in a run.
type Event struct {
	Kind    EventKind
	Node    *Node
	Wave    int
	At      time.Time
	Outcome string // DropEnd, DropLate: a word as in [Outcome]
	Err     error  // DropEnd, DropLate: what the drop returned
}

// report calls f for those events of the engine that have a kind here.
func report(f func(Event), e engine.Event) {
	var kind EventKind
	switch e.Kind {
	case engine.DropStart:
		kind = DropStart
	case engine.DropEnd:
		kind = DropEnd
	case engine.DropLate:
		kind = DropLate
	default:
		return
	}
	f(Event{kind, outer(e.Node), e.Wave, e.At, e.Outcome.String(), e.Err})
}
