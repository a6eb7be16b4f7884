package trace

import "time"

// ScopeName is the name of the tracer and of the meter that ebb records with.
// It is also the path of ebb's module, whose version theirs is.
const ScopeName = "github.com/ebb-go/ebb"

// Report says what a teardown did: one entry for every guard, daemon and child
// scope that was left when the scope stopped accepting work, with the moment
// it was dropped and how that ended. A scope hands it to the callback of
// WithReport, completed. Nothing changes it after that, so any number of goroutines
// may read it and write it out.
//
// See [Report.WriteText] for a terminal, [Report.WriteHTML] for a browser,
// [Report.MarshalJSON] for a program.
type Report struct {
	Scope     string        // path of the scope, such as "orders/request"
	Exit      string        // how the scope ended: a lower-case word
	Schedule  string        // waves, eager or sequential
	Grace     time.Duration // 0: no limit
	DropLimit int           // how many drops ran at once at most; 0: no limit
	Started   time.Time     // when the teardown began
	Ended     time.Time     // when it was over
	Deadline  time.Time     // when the grace runs out; zero without one
	Entries   []Entry       // by wave, then in order of registration
	Error     string        // of the whole exit, empty when it was clean
	Cause     string        // why the scope was canceled or asked to stop; empty without
	Drain     Drain         // what it waited for before the first wave
	Values    []SlotValues  // of slots: what was dropped of their values
}

// Entry is what became of one guard, daemon or child scope.
type Entry struct {
	Name       string        // unique within the report
	Kind       string        // guard, daemon or child
	Type       string        // of a guard's value, as %T prints it
	Wave       int           // 0 is what nothing depends on
	Queued     time.Time     // its last dependent had ended, or the teardown began
	Started    time.Time     // its drop began
	Ended      time.Time     // its drop returned or was abandoned
	Outcome    string        // ok, error, panic, goexit, timeout, abandoned or skipped
	Err        error         // nil when ok
	DependsOn  []string      // names of what it uses, which is dropped later
	ReleasedBy string        // the dependent that ended last; empty in wave 0
	Slack      time.Duration // how much longer it could have taken without lengthening the teardown as scheduled
}

// waited returns how long e was ready to be dropped before its drop began.
func (e Entry) waited() time.Duration { return between(e.Queued, e.Started) }

// Took returns how long the drop of e ran.
func (e Entry) Took() time.Duration { return between(e.Started, e.Ended) }

// took returns how long the teardown lasted.
func (r *Report) took() time.Duration { return between(r.Started, r.Ended) }
