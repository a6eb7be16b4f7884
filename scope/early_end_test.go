package scope_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
)

// TestTreeErrorOfGoneCaller: the error of a DropTree whose caller waits while the run
// ends, since the teardown has taken the root over, and then gives up, is Run's.
func TestTreeErrorOfGoneCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		heard := make(chan error, 1)
		err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			db := must(scope.Defer(s, "db", func(context.Context) error { time.Sleep(5 * sec); return nil }))
			_ = must(scope.Defer(s, "api", func(context.Context) error { time.Sleep(sec); return broken }, scope.DependsOn(db)))
			go func() {
				own, cancel := context.WithTimeout(context.Background(), 2*sec)
				defer cancel()
				heard <- db.DropTree(own)
			}()
			synctest.Wait()
			return nil
		})
		if own := <-heard; own != context.DeadlineExceeded || !errors.Is(err, broken) {
			t.Errorf("the caller has heard %v, and Run %v", own, err)
		}
	})
}

// TestTreeThatHangsPastTheExit: what has ended of a DropTree is told in time, to the
// callers that wait or else by Run, though its root hangs and is abandoned, and is told
// once. With waits the caller is there at the end.
func TestTreeThatHangsPastTheExit(t *testing.T) {
	for _, waits := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var log logs
			broken := errors.New("broken")
			heard := make(chan error, 1)
			call := calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					db := must(scope.Defer(s, "db", func(context.Context) error { time.Sleep(time.Hour); return errors.New("late") }))
					_ = must(scope.Defer(s, "api", func(context.Context) error { return broken }, scope.DependsOn(db)))
					go func() {
						own, cancel := context.WithCancel(context.Background())
						defer cancel()
						if !waits {
							time.AfterFunc(sec, cancel)
						}
						heard <- db.DropTree(own)
					}()
					time.Sleep(2 * sec)
					return nil
				}, scope.WithGrace(10*sec), log.with())
			})
			synctest.Wait()
			if call.took > 12*sec || !slices.Contains(call.told(), "drop db: abandoned") {
				t.Errorf("after %v: %q", call.took, call.told())
			}
			if got := slices.Contains(call.told(), "drop api: error"); got == waits {
				t.Errorf("the caller waits: %v, Run has told %q", waits, call.told())
			}
			select {
			case err := <-heard:
				if errors.Is(err, broken) != waits || errors.Is(err, scope.ErrAbandoned) != waits {
					t.Errorf("the caller waits: %v, and has heard %v", waits, err)
				}
			default:
				t.Error("the caller waits longer than Run")
			}
			time.Sleep(2 * time.Hour)
			if late := log.starting("late"); len(late) != 1 || !strings.Contains(late[0], "guard=db") {
				t.Errorf("logged %q", late)
			}
		})
	}
}

// TestDropThatWaitsForOneThatIsGivenUp: a drop that waits for another of its own run,
// which is abandoned or skipped, hears of that at once, rather than at the end of the
// run, which would have to wait for it.
func TestDropThatWaitsForOneThatIsGivenUp(t *testing.T) {
	hangs := func(context.Context) error { time.Sleep(time.Hour); return nil }
	type handle = *scope.Handle[struct{}]
	for _, c := range []struct {
		name, outcome string
		gone          func(s *scope.Scope) handle
	}{
		{"an abandoned guard", "abandoned", func(s *scope.Scope) handle {
			return must(scope.Defer(s, "gone", hangs, scope.DropTimeout(sec)))
		}},
		{"one that an abandoned guard holds", "skipped", func(s *scope.Scope) handle {
			gone := must(scope.Defer(s, "gone", nothing))
			_ = must(scope.Defer(s, "holder", hangs, scope.DropTimeout(sec), scope.Hold(), scope.DependsOn(gone)))
			return gone
		}},
		{"one that an abandoned daemon holds", "skipped", func(s *scope.Scope) handle {
			gone := must(scope.Defer(s, "gone", nothing))
			_ = must(s.Daemon("holder", hangs, scope.DropTimeout(sec), scope.Hold(), scope.DependsOn(gone)))
			return gone
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var heard error
				call := calls(func() error {
					return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						gone := c.gone(s)
						_ = must(scope.Defer(s, "waiter", func(ctx context.Context) error { heard = gone.Drop(ctx); return nil }))
						return nil
					}, scope.WithSchedule(scope.Eager)) // by waves, what is held comes after the waiter
				})
				var e *scope.DropError
				if !errors.As(heard, &e) || e.Outcome != c.outcome || call.took > 2*sec {
					t.Errorf("heard %v after %v", heard, call.took)
				}
				time.Sleep(time.Hour) // what hangs ends too
			})
		})
	}
}

// TestAbandonedWithoutScope: what a scope refuses, and drops at once, is given up like
// any drop, and the scope is not to take note of that.
func TestAbandonedWithoutScope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		inScope(t, func(ctx context.Context, s *scope.Scope) {
			used, first := must(scope.Defer(s, "used", nothing)), must(scope.Defer(s, "late", nothing))
			call := calls(func() error {
				_, err := scope.Acquire(ctx, s, "late", func(context.Context) (int, error) { return 1, used.Drop(ctx) },
					func(context.Context, int) error { time.Sleep(time.Hour); return nil }, scope.DependsOn(used), scope.DropTimeout(sec))
				return err
			})
			if !errors.Is(call.err, scope.ErrDropped) || !errors.Is(call.err, scope.ErrAbandoned) || call.panic != nil {
				t.Errorf("%v, %v", call.err, call.panic)
			}
			if third := must(scope.Defer(s, "late", nothing)); third.Name() == first.Name() {
				t.Errorf("the name %q is taken", first.Name())
			}
		})
		time.Sleep(2 * time.Hour)
	})
}
