package scopetest

import (
	"runtime"
	"time"
)

// orderKind says what a stand-in was told.
type orderKind uint8

const (
	stay         orderKind = iota // until it is told something else, or its time is up
	endAt                         // a moment, or as soon as it runs
	endWhenAsked                  // or at once, for a drop function
	hang                          // whatever happens to its context
)

// order is what a stand-in was told.
type order struct {
	kind  orderKind
	told  time.Time
	after time.Duration
	end   func() error // the way it ends
}

// from returns when a stand-in that began at began is to end: the delay counts
// from there, or from the order if that came later.
func (o order) from(began time.Time) time.Time {
	if o.told.After(began) {
		began = o.told
	}
	return began.Add(o.after)
}

// Finish ends the stand-in with err, now or, if it does not run yet, as soon as
// it does.
func (f *StandIn) Finish(err error) { f.t.Helper(); f.FinishAfter(0, err) }

// FinishAfter ends the stand-in with err once it has run for d, counted from now
// if it runs already. If its time is up before that, it ends then.
func (f *StandIn) FinishAfter(d time.Duration, err error) {
	f.t.Helper()
	f.give(order{kind: endAt, after: d, end: func() error { return err }})
}

// FinishPanic ends the stand-in with a panic of value v.
func (f *StandIn) FinishPanic(v any) {
	f.t.Helper()
	f.give(order{kind: endAt, end: func() error { panic(v) }})
}

// FinishGoexit ends the stand-in with [runtime.Goexit], as a FailNow in the
// wrong place does.
func (f *StandIn) FinishGoexit() {
	f.t.Helper()
	f.give(order{kind: endAt, end: func() error {
		runtime.Goexit()
		return nil
	}})
}

// FinishWhenAsked ends the stand-in as soon as it is asked to: when its context
// is canceled, with the cause, or when it is told to stop (see
// [scope.Stopping]), with nil. A drop function ends with nil at once.
func (f *StandIn) FinishWhenAsked() {
	f.t.Helper()
	f.give(order{kind: endWhenAsked, end: func() error { return nil }})
}

// Hang makes the stand-in go on past its deadline, as code does that knows of no
// context. Another order ends it all the same, late; the end of the test does.
func (f *StandIn) Hang() { f.t.Helper(); f.give(order{kind: hang}) }

// give tells the stand-in what to do. One that has ended cannot do it, and the
// test believes something that is not so.
func (f *StandIn) give(o order) {
	f.t.Helper()
	if f.obey(o) {
		return
	}
	f.t.Errorf("scopetest: %v: told how to end when it had ended", f)
}

func (f *StandIn) obey(o order) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.phase == ended {
		return false
	}
	o.told = time.Now()
	f.order = o
	close(f.changed)
	f.changed = make(chan struct{})
	return true
}

// letGo ends the stand-in at the end of the test, unless it knows when to end.
func (f *StandIn) letGo() {
	f.mu.Lock()
	knows := f.order.kind == endAt
	f.mu.Unlock()
	if !knows {
		f.obey(order{kind: endAt, end: func() error { return nil }})
	}
}
