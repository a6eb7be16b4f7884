package scope

import (
	"context"
	"runtime"
	"time"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// A bodyApart is the body of [Main], on a goroutine of its own. Run calls the body
// on the caller's goroutine, and so cannot return before it; a program that is asked
// to end has to, even if its start-up hangs in a call that knows no context.
type bodyApart struct {
	s       *Scope
	fn      func(ctx context.Context, s *Scope) error
	started time.Time

	done chan struct{} // closed when the body has ended and was not abandoned; then the following may be read
	out  bodyEnd

	abandoned bool // guarded by the scope's mu; decides between the end and the deadline
}

// bodyEnd is what became of a body.
type bodyEnd struct {
	err      error
	returned bool
	value    any         // of its panic; nil after Goexit
	panicked *PanicError // the same with the stack
}

// callApart calls fn as the body of s and blocks until it has ended, or was
// abandoned because the grace of a scope that was canceled or asked to stop left it
// no more time. As a context of the scope it ends as any body does: what it
// registers from then on is refused, and what it had begun to open is dropped at
// once.
func (s *Scope) callApart(fn func(ctx context.Context, s *Scope) error) bodyEnd {
	b := &bodyApart{s: s, fn: fn, started: time.Now(), done: make(chan struct{})}
	engine.Start(b)
	return b.wait()
}

// Run is the goroutine of the body.
func (b *bodyApart) Run() {
	var out bodyEnd
	defer func() {
		if !out.returned {
			if p := recover(); p != nil {
				out.value, out.panicked = p, fault.Panic(p)
			}
		}
		b.end(out)
	}()
	out.err = b.call()
	out.returned = true
}

// call calls the body. The frame is the one by which the goroutine is found if the
// body has to be abandoned; see [fault.Frame].
//
//go:noinline
func (b *bodyApart) call() error {
	err := b.fn(&b.s.body, b.s)
	runtime.KeepAlive(b)
	return err
}

// end reports the end of the body to wait, or to the log if that has given it up.
func (b *bodyApart) end(out bodyEnd) {
	s := b.s
	s.mu.Lock()
	abandoned := b.abandoned
	if !abandoned {
		b.out = out
		close(b.done)
	}
	s.mu.Unlock()
	if !abandoned {
		return
	}
	err := out.err
	switch {
	case out.panicked != nil:
		err = out.panicked
	case !out.returned:
		err = ErrGoexit
	}
	s.logLate("task", bodyName, time.Since(b.started), err)
}

// bodyName stands for the body where tasks are named.
const bodyName = "body"

func (b *bodyApart) wait() bodyEnd {
	s := b.s
	canceled, stopping := s.body.Done(), Stopping(&s.body)
	for {
		due, act, filled := s.drainDue(b.started, time.Time{})
		var timer *time.Timer
		var fired <-chan time.Time
		if !due.IsZero() {
			timer = time.NewTimer(time.Until(due))
			fired = timer.C
		}
		select {
		case <-b.done:
			return b.out
		case <-s.force():
			return b.abandon()
		case <-filled:
		case <-canceled:
			canceled, stopping = nil, nil
			s.noteCanceled()
		case <-stopping:
			stopping = nil // the grace has begun
		case <-fired:
			if act == abandon {
				return b.abandon()
			}
			s.cancelFor(s.drainCause(b.started, time.Time{}))
		}
		if timer != nil {
			timer.Stop()
		}
	}
}

// abandon gives the body up, unless it has ended at this very moment.
func (b *bodyApart) abandon() bodyEnd {
	s := b.s
	e := &AbandonedError{
		Scope: s.Path(), Name: bodyName, Age: time.Since(b.started), Opening: s.openingBelow(&s.body),
	}
	leaves := append([]leaf{{err: e, frame: fault.FrameOf("(*bodyApart).call", b)}}, s.hungIn(&s.body)...)
	fillStacks(leaves)
	s.mu.Lock()
	defer s.mu.Unlock()
	if isClosed(b.done) {
		return b.out
	}
	b.abandoned = true
	var all error
	for _, l := range leaves {
		all = multierr.Append(all, l.err)
	}
	return bodyEnd{returned: true, err: all}
}
