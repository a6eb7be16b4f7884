package scope

import (
	"context"
	"time"

	"github.com/ebb-go/ebb/internal/budget"
	"github.com/ebb-go/ebb/internal/engine"
)

// ask asks the daemon to stop, with the cause that its scope has.
func (d *Daemon) ask() {
	s := d.node.s
	d.why = s.stopCause()
	s.mu.Lock()
	d.run.asked = true
	asked := d.run.askLocked(d.why, nil)
	below := s.belowLocked(&d.run)
	s.mu.Unlock()
	asked.finish()
	for _, c := range below {
		c.Stop(d.why)
	}
	if !d.graceful {
		d.cancel(d.why)
	}
	s.interrupt(d.interrupt)
}

// callDrop asks the daemon, and waits for it and for what it has nested. An error of
// one that its time has cut short is a timeout, even if it only repeats that.
func (d *Daemon) callDrop(ctx context.Context) error {
	if end := budget.Deadline(ctx); !end.IsZero() {
		d.until = time.Now().Add(budget.Asked(max(time.Until(end), 0)))
	}
	d.ask()
	cut := d.await(ctx)
	cause := context.Cause(d.run.Context)
	d.cancel(errEnded) // frees the context
	s, failed := d.node.s, d.firstFailure()
	switch {
	case failed != nil && !d.returned:
		return d.caught(failed)
	case failed != nil:
		return failed
	case !d.returned:
		return d.caught(d.err)
	case cut != nil:
		return cutShort(d.err, cut)
	case endsIn(d.err, d.why, cause, context.Canceled):
		return nil // it repeats that it was asked
	case s.isEcho(d.err), ctx.Err() == nil && s.saysEcho(d.err):
		return nil
	}
	return d.err
}

// await waits for the daemon and for what it has nested. A graceful one is canceled
// when three quarters of its time are up, and any when all of it is; await returns
// the cause of that, or nil if the daemon has ended before.
func (d *Daemon) await(ctx context.Context) (cut error) {
	var due <-chan time.Time // never
	limit := time.Duration(0)
	if end := budget.Deadline(ctx); d.graceful && !end.IsZero() {
		limit = budget.Asked(max(time.Until(end), 0))
		timer := time.NewTimer(limit)
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-d.done:
		return nil
	case <-due:
		cut = &DropTimeoutError{Scope: d.node.s.Path(), Guard: d.Name(), Limit: limit}
		d.cancel(cut)
		select {
		case <-d.done:
			return cut
		case <-ctx.Done():
		}
	case <-ctx.Done():
	}
	cut = context.Cause(ctx)
	d.cancel(cut)
	<-d.done
	return cut
}

// caught marks err as what the daemon came to instead of returning.
func (d *Daemon) caught(err error) error {
	return &engine.Caught{Err: err, Goexit: d.panicked == nil}
}

// firstFailure returns what d failed with before it was asked to stop, or nil.
func (d *Daemon) firstFailure() *TaskError {
	d.node.s.mu.Lock()
	defer d.node.s.mu.Unlock()
	return d.failedFirst
}

// tookStackLocked keeps the stack that the goroutine had when it was abandoned.
func (d *Daemon) tookStackLocked(stack string) { d.stuck = stack }

// stack returns that of the daemon's goroutine, once it has been taken.
func (d *Daemon) stack() string {
	d.node.s.mu.Lock()
	defer d.node.s.mu.Unlock()
	return d.stuck
}

func (d *Daemon) kind() string { return "daemon" }

func (d *Daemon) typ() string { return "" }

var _ runner = (*Daemon)(nil)
