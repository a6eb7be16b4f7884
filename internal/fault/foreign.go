package fault

import (
	"errors"
	"runtime"
	"time"
)

// Foreign code is what ebb calls and did not write: methods of users' errors,
// values and contexts, log handlers, tracers, meters, callbacks. It can panic,
// call [runtime.Goexit], block, or call ebb again. Everything of the kind passes
// through this door, and three rules hold there:
//
//   - The caller holds no lock, since the code may call back for that lock.
//   - The code runs on a goroutine of its own. A panic could be recovered on the
//     caller's, but a Goexit cannot be stopped on the goroutine that called it,
//     and a call that blocks cannot be left there.
//   - What the code was to produce is read only if [Foreign] returned nil. After
//     any other result the code may still be running, and writing.

// ErrStuck stands for foreign code that did not return while it was waited for.
var ErrStuck = Sentinel("did not return in time", "stuck")

// Foreign calls f on a goroutine of its own and waits for it: until done is
// closed, or as long as it takes if done is nil. It returns nil if f returned, a
// [*PanicError] with the stack if f panicked, [ErrGoexit] if it called
// [runtime.Goexit], and [ErrStuck] if done was closed first. The goroutine of a
// call that is stuck ends when f does.
func Foreign(done <-chan struct{}, f func()) error {
	c := begin(f)
	select {
	case err := <-c.ended:
		return err
	case <-done:
	}
	return c.sofar()
}

// call is one call of foreign code. Its channel has room for the one result, so
// its goroutine never waits for a caller that has left.
type call struct {
	f     func()
	ended chan error
}

// begin starts the call, and makes way for it: most calls have ended when the
// caller goes on, which then has nothing to wait for.
func begin(f func()) *call {
	c := &call{f: f, ended: make(chan error, 1)}
	go c.run()
	runtime.Gosched()
	return c
}

// sofar is the result, and ErrStuck if there is none so far. It is asked for at the
// end of a wait too: the call and the end of the wait may have come together.
func (c *call) sofar() error {
	select {
	case err := <-c.ended:
		return err
	default:
		return ErrStuck
	}
}

func (c *call) run() {
	returned := false
	defer func() {
		switch p := recover(); {
		case returned:
			c.ended <- nil
		case p != nil:
			c.ended <- Panic(p)
		default:
			c.ended <- ErrGoexit
		}
	}()
	c.f()
	returned = true
}

// Contain is [Foreign] without an end to the wait, for code that has nothing to
// wait for. It reports whether f returned.
func Contain(f func()) bool { return Foreign(nil, f) == nil }

// how says in words how foreign code failed.
func how(err error) string {
	switch {
	case err == ErrGoexit:
		return "called runtime.Goexit"
	case errors.Is(err, ErrStuck):
		return "did not return"
	}
	return "panicked"
}

// Within is [Foreign] with a limit to the wait.
func Within(limit time.Duration, f func()) error {
	c := begin(f)
	if err := c.sofar(); err != ErrStuck {
		return err // nearly always: a timer costs more than the call
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

// Inline calls f on the goroutine of the caller, for code that is known not to
// block or call [runtime.Goexit] but may panic: it spares the change of
// goroutine.
func Inline(f func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = Panic(p)
		}
	}()
	f()
	return nil
}
