package scope_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// exits keeps the exit that a guard of s sees in its drop.
func exits(s *scope.Scope, to *scope.ExitKind) {
	_ = must(scope.Defer(s, "sees", func(ctx context.Context) error { *to = scope.ExitOf(ctx).Kind; return nil }))
}

// turns are the ways in which the turn of a child comes.
var turns = map[string]func(ctx context.Context, h *scope.Handle[struct{}]) error{
	"teardown":  func(context.Context, *scope.Handle[struct{}]) error { return nil },
	"drop tree": func(ctx context.Context, h *scope.Handle[struct{}]) error { return h.DropTree(ctx) },
}

// TestChildTurn: a child is canceled when its turn comes, as a daemon is, with a cause
// that says so. That counts as a cancellation only if it has cut work short, however
// deep: then the guards see Canceled, and the parent does not return nil.
func TestChildTurn(t *testing.T) {
	ends := map[string]struct {
		task func(ctx context.Context) error // nil: there is none
		cut  bool
	}{
		"no task":         {},
		"it is done":      {task: func(ctx context.Context) error { <-ctx.Done(); return nil }},
		"it is cut":       {task: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, cut: true},
		"it says why":     {task: func(ctx context.Context) error { <-ctx.Done(); return context.Cause(ctx) }, cut: true},
		"it is done soon": {task: func(ctx context.Context) error { return nil }},
	}
	for how, end := range ends {
		for by, turn := range turns {
			for _, depth := range []int{1, 2, 3} {
				synctest.Test(t, func(t *testing.T) {
					var saw scope.ExitKind
					var cause error
					start := time.Now()
					err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						h := must(scope.Defer(s, "below", nothing))
						c := s
						for range depth {
							c = must(c.Child("c"))
						}
						exits(c, &saw)
						context.AfterFunc(c.Context(), func() { cause = context.Cause(c.Context()) })
						if end.task != nil {
							c.Go("t", end.task)
						}
						synctest.Wait()
						return turn(ctx, h)
					}, scope.WithGrace(8*sec))
					synctest.Wait() // for the AfterFunc
					want := scope.Succeeded
					if end.cut {
						want = scope.Canceled
					}
					if saw != want || (err == nil) == end.cut || end.cut && !errors.Is(err, scope.ErrClosed) {
						t.Errorf("%s, by %s, depth %d: the guard saw %v, Run returned %v", how, by, depth, saw, err)
					}
					if !errors.Is(cause, scope.ErrClosed) || !errors.Is(cause, context.Canceled) || time.Since(start) != 0 {
						t.Errorf("%s, by %s, depth %d: canceled after %v with %v", how, by, depth, time.Since(start), cause)
					}
				})
			}
		}
	}
}

// TestChildTurnAfterStop: the cause is that of the Stop.
func TestChildTurnAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			c := must(s.Child("c"))
			c.Go("t", func(ctx context.Context) error {
				<-ctx.Done()
				wantIs(t, context.Cause(ctx), errGone)
				return nil
			})
			s.Stop(errGone)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestCloseLetsTasksEnd: Close cancels nothing, but the turn of the child does, also
// if a Close is waiting for it.
func TestCloseLetsTasksEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var saw scope.ExitKind = scope.Exited
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			c := must(s.Child("c"))
			exits(c, &saw)
			c.Go("t", func(ctx context.Context) error { time.Sleep(sec); return ctx.Err() })
			if err := c.Close(ctx); err != nil || saw != scope.Succeeded {
				t.Errorf("%v, saw %v", err, saw)
			}
		})
		for by, turn := range turns {
			start := time.Now()
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				h := must(scope.Defer(s, "below", nothing))
				c := must(s.Child("c"))
				exits(c, &saw)
				c.Go("t", func(ctx context.Context) error {
					<-ctx.Done()
					wantIs(t, context.Cause(ctx), scope.ErrClosed)
					return nil
				})
				gone, leave := context.WithCancelCause(ctx)
				time.AfterFunc(sec, func() { leave(errGone) })
				if err := c.Close(gone); err != errGone || c.Context().Err() != nil {
					t.Errorf("%v", err)
				}
				return turn(ctx, h)
			})
			if err != nil || time.Since(start) != sec || saw != scope.Succeeded {
				t.Errorf("by %s: %v after %v, saw %v", by, err, time.Since(start), saw)
			}
		}
	})
}

// TestClosePassedDeadline: a deadline that has passed bounds the wait only.
func TestClosePassedDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			var saw scope.ExitKind = scope.Exited
			c := must(s.Child("c"))
			exits(c, &saw)
			c.Go("t", func(ctx context.Context) error { time.Sleep(sec); return ctx.Err() })
			past, cancel := context.WithDeadline(ctx, time.Now())
			defer cancel()
			wantIs(t, c.Close(past), context.DeadlineExceeded)
			if err := c.Close(ctx); err != nil || saw != scope.Succeeded {
				t.Errorf("%v, saw %v", err, saw)
			}
		})
	})
}

// TestCloseDeadline: a deadline of Close's context bounds the exit of the child, of
// which its grace begins when its tasks have ended or are canceled; what still runs at
// the end is abandoned by name, and that is not lost.
func TestCloseDeadline(t *testing.T) {
	for what, c := range map[string]struct {
		grace, deadline time.Duration // 0: none
		canceled, ended time.Duration
	}{
		"a deadline":        {deadline: 4 * sec, canceled: 3 * sec, ended: 4 * sec},
		"a sooner deadline": {grace: 8 * sec, deadline: 4 * sec, canceled: 3 * sec, ended: 4 * sec},
		"a later deadline":  {grace: sec, deadline: 4 * sec, canceled: 3 * sec, ended: 4 * sec},
	} {
		bubbleOf(t, func(t *testing.T, hang stuck) {
			var opts []scope.Option
			if c.grace > 0 {
				opts = append(opts, scope.WithGrace(c.grace))
			}
			start := time.Now()
			err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
				child := must(s.Child("c", append(opts, scope.DependsOn())...))
				context.AfterFunc(child.Context(), func() {
					if took := time.Since(start); took != c.canceled {
						t.Errorf("%s: canceled after %v", what, took)
					}
				})
				child.Go("stuck", hang.drop)
				wait, cancel := context.WithDeadline(context.Background(), start.Add(c.deadline))
				defer cancel()
				first := child.Close(wait)
				if first == nil {
					t.Errorf("%s: Close is nil", what)
				}
				if err := child.Close(context.Background()); err != nil {
					t.Errorf("%s: a later Close is %v", what, err)
				}
				if took := time.Since(start); took != c.ended {
					t.Errorf("%s: closed after %v", what, took)
				}
				return first
			}, new(logs).with())
			var a *scope.AbandonedError
			if !errors.As(err, &a) || a.Name != "stuck" || a.Scope != "scope/c" {
				t.Errorf("%s: %v", what, err)
			}
		})
	}
}
