package scope

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
