package scope

import "context"

// ExitKind is the way a scope ended.
type ExitKind uint8

// The ways a scope can end.
const (
	Succeeded ExitKind = iota // nothing failed and it was not canceled
	Failed                    // the body, a task or a daemon returned an error
	Canceled                  // it was canceled, and nothing failed
	Panicked                  // the body, a task or a daemon panicked
	Exited                    // the body called runtime.Goexit
)

// String returns the kind in lower case, as reports and spans have it.
func (k ExitKind) String() string {
	switch k {
	case Succeeded:
		return "succeeded"
	case Failed:
		return "failed"
	case Canceled:
		return "canceled"
	case Panicked:
		return "panicked"
	case Exited:
		return "exited"
	}
	return "unknown"
}

// Exit is the way a scope ended, as its drop functions see it.
type Exit struct {
	Kind  ExitKind
	Err   error // of Failed: the primary error; of Canceled: the cause
	Panic any   // of Panicked: the value
}

// ExitOf tells a drop function how its scope ended, so that a transaction
// commits on Succeeded and rolls back otherwise. ctx is the drop's own context
// or one derived from it. An early drop, and a context that is no drop's, find
// Succeeded.
func ExitOf(ctx context.Context) Exit {
	for f := frameOf(ctx); f != nil; f = f.s.opener {
		if f.kind == dropFrame {
			if x := f.node.rarely.Load(); f.way == dropEarly && x != nil && x.exit != nil {
				return *x.exit // written before the drop was begun
			}
			if f.way == dropEarly || f.way == dropUnowned || f.s.end == nil {
				break // in this order: of the teardown's drops, end was written before the first
			}
			return f.s.end.exit
		}
	}
	return Exit{}
}
