// Package deafdrop has drop functions that do not listen.
package deafdrop

import (
	"context"
	"sync"
	"time"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

type queue struct {
	n      int
	done   chan struct{}
	events chan int
	wg     sync.WaitGroup
}

func (q *queue) Empty() bool                 { return q.n == 0 }
func (q *queue) Pop() (int, bool)            { return 0, false }
func (q *queue) Flush(context.Context) error { return nil }
func (q *queue) Close() error                { return nil }

func open(context.Context) (*queue, error) { return &queue{}, nil }

func mistakePoll(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		for !q.Empty() { // want `this loop does not look at the context of the drop: it goes on when the time for it is up`
			time.Sleep(time.Millisecond)
		}
		return q.Close()
	}))
}

func mistakeUnnamed(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(_ context.Context, q *queue) error {
		for { // want `this loop`
			if q.Empty() {
				return nil
			}
		}
	}))
}

func mistakeSelect(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		select { // want `this select has no case for the context of the drop`
		case <-q.done:
			return q.Close()
		case <-q.events:
			return nil
		}
	}))
}

func mistakeOneCase(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		select { // want `this select`
		case <-q.done:
		}
		return q.Close()
	}))
}

func mistakeTimer(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		select { // want `this select`
		case <-q.done:
		case <-time.After(time.Minute):
		}
		return q.Close()
	}))
}

func mistakeRange(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		for range q.events { // want `this loop`
		}
		return nil
	}))
}

func mistakeReceive(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		for q.n > 0 { // want `this loop`
			<-q.events
			q.n--
		}
		return nil
	}))
}

func mistakeSelectInLoop(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		for { // want `this loop`
			select {
			case <-q.events:
			case <-q.done:
				return nil
			}
		}
	}))
}

func mistakeSpin(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		for !q.Empty() { // want `this loop`
		}
		return nil
	}))
}

func mistakeBackground(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		for i := 0; i < 3; i++ { // want `this loop`
			if q.Flush(context.Background()) == nil {
				break
			}
		}
		return nil
	}))
}

func mistakeContextBefore(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		err := q.Flush(ctx)
		for { // want `this loop`
			if _, ok := q.Pop(); !ok || err != nil {
				return err
			}
		}
	}))
}

func mistakeDefer(s *scope.Scope, q *queue) {
	must(scope.Defer(s, "drain", func(ctx context.Context) error {
		for !q.Empty() { // want `this loop`
			q.Pop()
		}
		return nil
	}))
}

func mistakeLazy(s *scope.Scope) *scope.LazyHandle[*queue] {
	return scope.Lazy(s, "queue", open, func(ctx context.Context, q *queue) error {
		select { // want `this select`
		case q.events <- 1:
		case <-q.done:
		}
		return nil
	})
}

func mistakeGuard(q *queue) *guard.Guard[*queue] {
	return guard.New(q, func(ctx context.Context, q *queue) error {
		for range 10 { // want `this loop`
			q.wg.Wait()
		}
		return nil
	})
}

func mistakeServe(ctx context.Context, s *scope.Scope, q *queue) error {
	_, err := scope.Serve(ctx, s, "queue", q.Close, func(ctx context.Context) error {
		for !q.Empty() { // want `this loop`
			time.Sleep(time.Second)
		}
		return nil
	})
	return err
}

type worker struct{ done, stop chan struct{} }

func (w *worker) guarded() *guard.Guard[*worker] { return guard.Of(w) }

func (w *worker) Drop(ctx context.Context) error {
	select { // want `this select`
	case <-w.done:
		return nil
	case w.stop <- struct{}{}:
		return nil
	}
}

func mistakeNamed(ctx context.Context, q *queue) error {
	for q.n > 0 { // want `this loop`
		time.Sleep(time.Second)
	}
	return nil
}

func (q *queue) mistakeMethod(ctx context.Context) error {
	select {} // want `this select`
}

func named(ctx context.Context, s *scope.Scope, q *queue) {
	must(scope.Acquire(ctx, s, "queue", open, mistakeNamed))
	must(scope.Defer(s, "queue", q.mistakeMethod))
}

func mistakeOther(outer context.Context, s *scope.Scope) {
	must(scope.Acquire(outer, s, "queue", open, func(ctx context.Context, q *queue) error {
		select { // want `this select`
		case <-q.done:
		case <-outer.Done():
		}
		return q.Close()
	}))
}

func mistakeTick(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		for range time.Tick(time.Second) { // want `this loop`
			if q.Empty() {
				return nil
			}
		}
		return nil
	}))
}

func mistakeAfterFlush(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(ctx context.Context, q *queue) error {
		if err := q.Flush(ctx); err != nil {
			return err
		}
		select { // want `this select`
		case <-q.done:
		case <-q.events:
		}
		return nil
	}))
}

// What it calls may wait in a loop: that is not looked into.
func mistakeInHelper(ctx context.Context, s *scope.Scope) {
	must(scope.Acquire(ctx, s, "queue", open, func(_ context.Context, q *queue) error {
		q.drain()
		return nil
	}))
}

func (q *queue) drain() {
	for !q.Empty() {
		time.Sleep(time.Second)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
