package scopetest

import (
	"fmt"
	"time"
)

// state is what a test sees of a stand-in.
type state uint8

const (
	idle     state = iota // nobody has asked it to end
	dropping              // it was asked, and runs
	done                  // it has ended
)

func (s state) String() string { return [...]string{"idle", "dropping", "ended"}[s] }

// seen is a state and how long it has lasted.
type seen struct {
	state
	since time.Time // zero where it is not known
}

// String has the age only of what takes time.
func (s seen) String() string {
	if age := time.Since(s.since); s.state == dropping && !s.since.IsZero() && age > 0 {
		return fmt.Sprintf("%v for %v", s.state, age)
	}
	return s.state.String()
}

func (f *StandIn) stateLocked() seen {
	switch {
	case f.phase == waiting:
		return seen{state: idle}
	case f.phase == ended:
		return seen{state: done}
	case f.drop:
		return seen{dropping, f.since}
	}
	select {
	case <-f.asked:
		return seen{state: dropping}
	default:
		return seen{state: idle}
	}
}

// WantIdle fails the test unless nobody has asked the stand-in to end: the drop
// of a guard or child has not begun, and a daemon, task or body runs, neither
// canceled nor asked to stop.
func (f *StandIn) WantIdle() { f.t.Helper(); f.want(idle) }

// WantDropping fails the test unless the stand-in was asked to end and has not
// ended: the drop of a guard or child runs, and a daemon, task or body still does
// though it was canceled or asked to stop.
func (f *StandIn) WantDropping() { f.t.Helper(); f.want(dropping) }

// WantEnded fails the test unless the stand-in has ended.
func (f *StandIn) WantEnded() { f.t.Helper(); f.want(done) }

func (f *StandIn) want(want state) {
	f.t.Helper()
	settle(f.t)
	f.mu.Lock()
	got := f.stateLocked()
	f.mu.Unlock()
	if got.state == want {
		return
	}
	others := ""
	if f.tell != nil {
		others = "\nall: " + f.tell()
	}
	f.t.Errorf("scopetest: %s %q is %v, want %v%s", f.kind, f.Name(), got, want, others)
}
