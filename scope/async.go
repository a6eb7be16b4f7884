package scope

import (
	"context"
	"sync"
)

// Task is a task with a result. [Async] makes one.
type Task[T any] struct {
	task task

	once sync.Once
	done chan struct{} // closed when the following are set
	v    T
	err  error
}

// Async runs fn as a task, like [Scope.Go], and keeps its result for
// [Task.Await]. If the scope refuses the task, fn does not run and Await
// returns why.
//
// With [WithTaskLimit] on the scope Async waits for room, so that a loop of Async and
// then one of Await are a bounded pool whose results come in the order of its input.
func Async[T any](s *Scope, name string, fn func(ctx context.Context) (T, error)) *Task[T] {
	if fn == nil {
		panic("scope.Async: nil function")
	}
	var v T
	t := &Task[T]{done: make(chan struct{})}
	t.task.name = name
	t.task.fn = func(ctx context.Context) (err error) {
		v, err = fn(ctx)
		return err
	}
	t.task.done = func(err error, returned bool) {
		t.once.Do(func() {
			if returned {
				t.v = v // else fn panicked, or may still be writing it
			}
			t.err = err
			close(t.done)
		})
	}
	if why := s.start(&t.task, context.Background()); why != nil {
		t.task.done(s.refusal("task", name, why), false)
	}
	return t
}

// Await waits until the task has ended and returns its result and its error,
// which is a [*PanicError] or [ErrGoexit] if it did not return, and an
// [*AbandonedError] if the exit of its scope gave it up. If ctx ends first its
// cause is returned. It may be called any number of times, from anywhere; in
// the task itself, and in what the task waits for, it returns [ErrReentrant].
func (t *Task[T]) Await(ctx context.Context) (T, error) {
	var zero T
	select {
	case <-t.done:
		return t.v, t.err
	default:
	}
	w, path := waits.enter(held(ctx), target{waitPoint: waitPoint{task: &t.task.frame}})
	if path != nil {
		return zero, t.task.s.refusal("await", t.task.name, ErrReentrant)
	}
	defer w.leave()
	select {
	case <-t.done:
		return t.v, t.err
	case <-ctx.Done():
		return zero, context.Cause(ctx)
	}
}
