package fault

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Three rules hold for every call of foreign code:
//
//   - The caller holds no lock, since the code may call back for that lock.
//   - The code runs on a goroutine of its own. A panic could be recovered on the
//     caller's, but a Goexit cannot be stopped on the goroutine that called it, and a
//     call that blocks cannot be left there.
//   - What the code was to produce is read only if [Foreign] returned nil. After ErrStuck
//     the code is still running, and may be writing; after a panic or Goexit what it has
//     written is half of something.
//
// The price is a change of goroutine, some hundred nanoseconds. Where that matters the caller looks
// first whether the code is foreign at all, as [Text] does for the errors of the
// standard library.

// Foreign calls f on a goroutine of its own and waits for it: until done is
// closed, or as long as it takes if done is nil. It returns nil if f returned, a
// [*PanicError] with the stack if f panicked, [ErrGoexit] if it called
// [runtime.Goexit], and [ErrStuck] if done was closed first. The goroutine of a
// call that is stuck ends when f does.
//
// A call that has ended and a done that is closed at the same moment count as ended: the
// outcome of f is not lost to a wait that would have been over.
func Foreign(done <-chan struct{}, f func()) error {
	c := begin(f)
	select {
	case err := <-c.ended:
		return err
	case <-done:
	}
	return c.sofar()
}

// Contain is [Foreign] without an end to the wait, for code that has nothing to wait for.
// It reports whether f returned. The goroutine of the call has ended either way, so that
// what f has written may be read, if half of it is worth anything.
func Contain(f func()) bool { return Foreign(nil, f) == nil }

// Within is [Foreign] with a limit to the wait. A call that has ended when it is first
// looked at, as nearly all have, costs no timer: that would be more than the call.
func Within(limit time.Duration, f func()) error { return begin(f).within(limit) }

func (c *call) within(limit time.Duration) error {
	if err := c.sofar(); err != ErrStuck {
		return err
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case err := <-c.ended:
		return err
	case <-timer.C:
	}
	return c.sofar()
}

// A Door is for an owner that calls foreign code often: it keeps a call that has ended
// for the next, which spares two allocations. The zero Door is ready. Calls may overlap;
// one that finds the kept call taken makes its own.
type Door struct{ kept atomic.Pointer[call] }

// Within is the function [Within].
func (d *Door) Within(limit time.Duration, f func()) error {
	c := d.kept.Swap(nil)
	if c == nil {
		c = &call{ended: make(chan error, 1)}
	}
	c.begin(f)
	err := c.within(limit)
	if err != ErrStuck { // a stuck call may send yet; any other has sent the last it sends
		c.f = nil
		d.kept.Store(c)
	}
	return err
}

// Inline calls f on the goroutine of the caller, for code that is known neither to
// block nor to call [runtime.Goexit] but may panic. It spares the change of goroutine,
// and returns nil or a [*PanicError].
func Inline(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Panic(p)
		}
	}()
	f()
	return nil
}

// A call is one call of foreign code.
type call struct {
	f func()
	// ended gets the one result. It has room for it, so the goroutine of the call never
	// waits for a caller that has left.
	ended chan error
}

// begin starts the call, and makes way for it: most calls have ended when the
// caller goes on, which then has nothing to wait for. Without that each call would cost
// its caller a sleep and a wake-up.
func begin(f func()) *call {
	c := &call{ended: make(chan error, 1)}
	c.begin(f)
	return c
}

// begin is the function begin for a call that was made before. Nothing is left in ended: the result of
// the last call was taken before it was kept.
func (c *call) begin(f func()) {
	c.f = f
	go c.run()
	runtime.Gosched()
}

// sofar returns the result, and ErrStuck if there is none so far. A wait that has ended
// asks for it too: the end of the wait and the end of the call may have come together,
// and select chooses between them at random.
func (c *call) sofar() error {
	select {
	case err := <-c.ended:
		return err
	default:
		return ErrStuck
	}
}

// run is the goroutine of the call. After a Goexit only deferred functions run, so the
// result is sent by one. A nil value of recover does not distinguish a return from a
// Goexit; returned does.
func (c *call) run() {
	returned := false
	defer func() {
		if p := recover(); !returned {
			c.ended <- Ended(p)
			return
		}
		c.ended <- nil
	}()
	c.f()
	returned = true
}

// how describes err, which Foreign has returned.
func how(err error) string {
	switch err {
	case ErrGoexit:
		return "called runtime.Goexit"
	case ErrStuck:
		return "did not return"
	}
	return "panicked"
}
