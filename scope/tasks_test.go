package scope_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestStartsAroundCancel: of i tasks started before a cancel and k after it, the i
// run to their end and the k are refused with the cause, for all i and k to 15.
func TestStartsAroundCancel(t *testing.T) {
	for i := range 16 {
		for k := range 16 {
			synctest.Test(t, func(t *testing.T) {
				var ran, ended atomic.Int32
				task := func(ctx context.Context) error {
					ran.Add(1)
					<-ctx.Done()
					time.Sleep(time.Second)
					ended.Add(1)
					return context.Cause(ctx)
				}
				refused := 0
				c := calls(func() error {
					return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						for range i {
							s.Go("before", task)
						}
						s.Cancel(errBoom)
						for n := range k {
							if n%2 == 0 {
								s.Go("after", task)
								refused++
							} else if errors.Is(s.TryGo("after", task), errBoom) {
								refused++
							}
						}
						return nil
					})
				})
				if int(ran.Load()) != i || int(ended.Load()) != i || refused != k {
					t.Errorf("%d before and %d after: %d ran, %d ended, %d refused", i, k, ran.Load(), ended.Load(), refused)
				}
				if c.err != errBoom { // the cause, with i echoes or without
					t.Errorf("%d before: %v", i, c.err)
				}
			})
		}
	}
}

// TestStartsAgainstClosing: 256 goroutines each start 1,024 tasks on a scope that
// is closing. Every start has either run before Run returned, or was refused.
func TestStartsAgainstClosing(t *testing.T) {
	const goroutines, starts = 256, 1024
	var accepted, ran, refused, late atomic.Int64
	var closed atomic.Bool
	var outside sync.WaitGroup
	begin := make(chan struct{})
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		for g := range goroutines {
			outside.Go(func() {
				<-begin
				for range starts {
					err := s.TryGo("t", func(context.Context) error {
						ran.Add(1)
						if closed.Load() {
							late.Add(1)
						}
						return nil
					})
					switch {
					case err == nil:
						accepted.Add(1)
					case errors.Is(err, scope.ErrClosed):
						refused.Add(1)
					default:
						t.Errorf("goroutine %d: %v", g, err)
					}
				}
			})
		}
		close(begin)
		for accepted.Load() < goroutines { // some way in
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		return nil
	})
	closed.Store(true)
	atReturn := ran.Load()
	outside.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if ran.Load() != accepted.Load() || ran.Load() != atReturn || late.Load() != 0 {
		t.Errorf("accepted %d, ran %d, of these %d when Run returned", accepted.Load(), ran.Load(), atReturn)
	}
	if accepted.Load()+refused.Load() != goroutines*starts {
		t.Errorf("accepted %d, refused %d", accepted.Load(), refused.Load())
	}
}

// TestTaskErrors: errors of tasks come in the order of their starts, whatever the
// order of their ends; the first is the cause.
func TestTaskErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cause error
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			for i := range 4 {
				s.Go(fmt.Sprint("t", i), func(context.Context) error {
					time.Sleep(time.Duration(4-i) * time.Second)
					return fmt.Errorf("e%d", i)
				})
			}
			<-ctx.Done()
			cause = context.Cause(ctx)
			return nil
		}, scope.WithName("x"))
		wantText(t, err, `scope "x": task "t0": e0; scope "x": task "t1": e1; scope "x": task "t2": e2; scope "x": task "t3": e3`)
		var te *scope.TaskError
		if !errors.As(cause, &te) || te.Task != "t3" || te.Scope != "x" {
			t.Errorf("cause %v", cause)
		}
	})
}

// TestTaskContext: a task gets the scope's context, with its cause and its values.
func TestTaskContext(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, 7)
	err := scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
		s.Go("t", func(ctx context.Context) error {
			if got, ok := scope.From(ctx); !ok || got != s || ctx.Value(key{}) != 7 {
				t.Error("context of another scope")
			}
			s.Cancel(errBoom)
			<-ctx.Done()
			if context.Cause(ctx) != errBoom || context.Cause(s.Context()) != errBoom {
				t.Errorf("cause %v", context.Cause(ctx))
			}
			return nil
		})
		return nil
	})
	if err != errBoom {
		t.Errorf("canceled with a nil body and no echo: %v", err)
	}
	if _, ok := scope.From(t.Context()); ok {
		t.Error("a scope in a context outside of any")
	}
}

// TestGoFromTaskWhileDraining: a chain of tasks, each started by the one before,
// is all waited for.
func TestGoFromTaskWhileDraining(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := 0
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			var next func(ctx context.Context) error
			next = func(context.Context) error {
				time.Sleep(time.Millisecond)
				if n++; n < 100 {
					s.Go("next", next)
				}
				return nil
			}
			s.Go("first", next)
			return nil
		})
		if n != 100 || err != nil {
			t.Error(n, err)
		}
	})
}

// TestFirstCauseWins: of several causes the first stays.
func TestFirstCauseWins(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Cancel(errBoom)
		s.Cancel(errors.New("second"))
		return ctx.Err()
	})
	if err != context.Canceled && err != errBoom {
		t.Errorf("got %v", err)
	}
	wantIs(t, err, errBoom)
	err = scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Cancel(nil)
		return ctx.Err()
	})
	wantIs(t, err, context.Canceled)
}
