package scope

import (
	"context"
	"log/slog"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/internal/record"
)

// Go runs fn as a task: on a goroutine of its own, with the scope's context,
// and the scope waits for it. If fn fails, the scope is canceled with a
// [*TaskError]; the same holds, with a [*PanicError] or [ErrGoexit] inside, if
// it panics or calls [runtime.Goexit].
//
// With a task limit Go blocks until there is room or the scope is canceled or
// asked to stop. A scope that is canceled, stopping or closed does not run fn, and
// logs that: the first time by name, and with the number of the others when it ends.
// Use [Scope.TryGo] to know, and [Async] to have a result.
func (s *Scope) Go(name string, fn func(ctx context.Context) error) {
	if fn == nil {
		panic("scope.Go: nil function")
	}
	if why := s.start(&task{name: name, fn: fn}, context.Background()); why != nil {
		s.logRefused(name, why)
	}
}

// TryGo is [Scope.Go], except that it never blocks and returns why fn was not
// run: the scope's cause, [ErrClosed], or [ErrBusy] at the task limit.
func (s *Scope) TryGo(name string, fn func(ctx context.Context) error) error {
	if fn == nil {
		panic("scope.TryGo: nil function")
	}
	if why := s.start(&task{name: name, fn: fn}, nil); why != nil {
		return s.refusal("task", name, why)
	}
	return nil
}

// Submit is [Scope.Go] for a caller that has to know: it returns nil if fn will run,
// and else why not: the scope's cause or [ErrClosed]. With a task limit it blocks until
// there is room, the scope is canceled or asked to stop, or ctx ends, whose cause it
// then returns. The context of fn is the scope's, as that of any task. A task of s that
// submits another under a limit can wait for itself; it uses a nested [Run].
func (s *Scope) Submit(ctx context.Context, name string, fn func(ctx context.Context) error) error {
	if fn == nil {
		panic("scope.Submit: nil function")
	}
	if ctx.Err() != nil {
		return s.refusal("task", name, context.Cause(ctx))
	}
	if why := s.start(&task{name: name, fn: fn}, ctx); why != nil {
		return s.refusal("task", name, why)
	}
	return nil
}

// start runs t, or returns why not. With a context it waits for room under a task
// limit as long as that lives.
func (s *Scope) start(t *task, wait context.Context) error {
	if why := s.slot(wait); why != nil {
		s.refused(t, why)
		return why
	}
	t.begin(s.body.Context, s, taskFrame)
	cause := s.cause()
	s.mu.Lock()
	if why := s.refusesTaskLocked(cause); why != nil {
		s.mu.Unlock()
		s.freeSlot()
		s.refused(t, why)
		return why
	}
	s.addTaskLocked(t)
	s.mu.Unlock()
	engine.Start(t)
	return nil
}

// addTaskLocked counts t in.
func (s *Scope) addTaskLocked(t *task) {
	s.body.live.Add(1)
	t.started = s.ageLocked()
	t.index = int(s.started)
	s.started++
	if t.next = s.tasks; t.next != nil {
		t.next.prev = t
	}
	s.tasks = t
}

// keepDraining keeps the scope draining until end is called, like a task with that
// name. It returns ErrClosed if the scope is already dropping. With inTurn it only
// checks that: the caller ends in the teardown of the scope, which would otherwise wait
// for itself.
func (s *Scope) keepDraining(name string, inTurn bool) (end func(), err error) {
	t := &task{name: name}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state >= dropping || s.body.live.Load() == 0 && !inTurn {
		return nil, ErrClosed
	}
	if inTurn {
		return func() {}, nil
	}
	s.addTaskLocked(t)
	return func() { s.mu.Lock(); s.taskEndedUnlock(t) }, nil
}

// Run is the task's goroutine. It leaves the error to end, since that also hears
// of a panic and of Goexit. The frame is the one by which the goroutine is found if
// the task has to be abandoned; see [fault.Frame].
//
//go:noinline
func (t *task) Run() {
	var span *record.Span
	if t.s.rec != nil {
		t.Context, span = t.s.rec.Task(t.Context, t.name)
	}
	defer t.end(span)
	if t.s.profiled() {
		ctx, stop := t.s.profile(t.Context, "task", t.name)
		t.Context = ctx
		defer stop()
	}
	t.err = t.fn(&t.frame)
	t.returned = true
}

// end is deferred by Run: it learns what became of the function, cancels the
// scope at once if it failed, waits for its lexical children, and only then
// counts the task out.
func (t *task) end(span *record.Span) {
	if !t.returned {
		t.err = fault.Ended(recover())
		t.panicked, _ = t.err.(*PanicError)
	}
	s := t.s
	if t.err != nil {
		failed := &TaskError{Scope: s.Path(), Task: t.name, Err: t.err}
		t.echo = t.returned && s.isEcho(t.err)
		s.fail(failure{t.index, failed, t.panicked}, t.echo, t)
	}
	span.End(t.err)
	s.noticeDrained()
	s.mu.Lock()
	t.joinLocked()
	if t.done != nil || s.config != nil {
		s.mu.Unlock()
		s.freeSlot()
		if t.done != nil {
			t.done(t.err, t.returned)
		}
		s.mu.Lock()
	}
	s.taskEndedUnlock(t)
}

// taskEndedUnlock counts t out, and unlocks the scope. What an abandoned task came to
// after all is logged, since no error has it.
func (s *Scope) taskEndedUnlock(t *task) {
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		s.tasks = t.next
	}
	if t.next != nil {
		t.next.prev = t.prev
	}
	if !t.abandoned {
		s.drainedLocked().ended("task", t.name, t.echo)
	}
	s.body.leaveLocked()
	if !t.abandoned || t.reported {
		s.mu.Unlock()
		return
	}
	took := s.sinceLocked(t.started)
	s.mu.Unlock()
	s.logLate("task", t.name, took, t.err)
}

// logLate logs what something abandoned came to.
func (s *Scope) logLate(kind, name string, age time.Duration, err error) {
	s.warn("ebb: late result of an abandoned "+kind, slog.String(kind, name), slog.Duration("age", age), slog.Any("error", err))
}
