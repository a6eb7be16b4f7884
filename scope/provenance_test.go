package scope_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// wrapsPanic returns an error as a nested Run returns it whose task has panicked.
func wrapsPanic() error {
	return scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("plugin", func(context.Context) error { panic("plugin") })
		return nil
	}, scope.WithName("nested"), scope.WithPanicAsError())
}

// returned are errors that look like what ebb itself makes of a fault.
func returned() map[string]error {
	var p *scope.PanicError
	if !errors.As(wrapsPanic(), &p) {
		panic("no panic")
	}
	return map[string]error{
		"a nested Run's TaskError with a panic": wrapsPanic(),
		"a PanicError":                          p,
		"a PanicError in a list":                errors.Join(errBoom, p),
		"a TaskError":                           &scope.TaskError{Scope: "other", Task: "other", Err: errBoom},
		"a DropError":                           &scope.DropError{Scope: "other", Guard: "other", Outcome: "panic", Err: p},
		"an AbandonedError":                     &scope.AbandonedError{Scope: "other", Name: "other"},
		"ErrGoexit":                             scope.ErrGoexit,
		"ErrGoexit in an error":                 fmt.Errorf("x: %w", scope.ErrGoexit),
		"ErrInUse":                              guard.ErrInUse,
		"ErrDropped":                            scope.ErrDropped,
		"ErrClosed":                             scope.ErrClosed,
		"http.ErrAbortHandler":                  http.ErrAbortHandler,
	}
}

// TestReturnedIsAnError: an error belongs to the function that returned it, and is
// an error whatever it is or wraps: Run does not panic for it, it is told as what
// that function failed with, and its outcome is error.
func TestReturnedIsAnError(t *testing.T) {
	places := map[string]struct {
		run  func(ctx context.Context, s *scope.Scope, err error) error
		want string // what Run returns: task x, drop x, or nothing for the error itself
	}{
		"body": {func(_ context.Context, _ *scope.Scope, err error) error { return err }, ""},
		"task": {func(_ context.Context, s *scope.Scope, err error) error {
			s.Go("x", func(context.Context) error { return err })
			return nil
		}, "task"},
		"daemon": {func(_ context.Context, s *scope.Scope, err error) error {
			_ = must(s.Daemon("x", func(context.Context) error { return err }))
			synctest.Wait()
			return nil
		}, "task"},
		"daemon in its turn": {func(_ context.Context, s *scope.Scope, err error) error {
			_ = must(s.Daemon("x", func(ctx context.Context) error { <-ctx.Done(); return err }))
			return nil
		}, "drop"},
		"drop": {func(_ context.Context, s *scope.Scope, err error) error {
			_ = must(scope.Defer(s, "x", func(context.Context) error { return err }))
			return nil
		}, "drop"},
		"drop of a registered guard": {func(_ context.Context, s *scope.Scope, err error) error {
			_ = must(scope.Register(s, "x", guard.New(1, func(context.Context, int) error { return err })))
			return nil
		}, "drop"},
		"drop of a lazy guard": {func(ctx context.Context, s *scope.Scope, err error) error {
			h := scope.Lazy(s, "x", func(context.Context) (int, error) { return 1, nil }, func(context.Context, int) error { return err })
			_ = must(h.Use(ctx))
			return nil
		}, "drop"},
		"early drop": {func(ctx context.Context, s *scope.Scope, err error) error {
			return must(scope.Defer(s, "x", func(context.Context) error { return err })).Drop(ctx)
		}, "drop"},
		"body of a nested Run in a task": {func(_ context.Context, s *scope.Scope, err error) error {
			s.Go("x", func(ctx context.Context) error {
				return scope.Run(ctx, func(context.Context, *scope.Scope) error { return err })
			})
			return nil
		}, "task"},
		"task of a child": {func(_ context.Context, s *scope.Scope, err error) error {
			c := must(s.Child("x"))
			c.Go("inner", func(context.Context) error { return err })
			return nil
		}, "drop"},
		"drop of a child": {func(_ context.Context, s *scope.Scope, err error) error {
			_ = must(scope.Defer(must(s.Child("x")), "inner", func(context.Context) error { return err }))
			return nil
		}, "drop"},
	}
	for place, p := range places {
		for what, give := range returned() {
			for _, looked := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					var report *trace.Report
					opts := []scope.Option{scope.WithName("own"), new(logs).with()}
					if looked {
						opts = append(opts, reported(&report))
					}
					c := calls(func() error {
						return scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error { return p.run(ctx, s, give) }, opts...)
					})
					at := fmt.Sprintf("%s returns %s, looked at %t", place, what, looked)
					if c.panic != nil || c.goexit || !errors.Is(c.err, give) {
						t.Errorf("%s: panic %v, goexit %t, error %v", at, c.panic, c.goexit, c.err)
						return
					}
					switch e := c.err.(type) {
					case *scope.TaskError:
						if p.want == "task" && (e.Scope != "own" || e.Task != "x") || p.want == "drop" {
							t.Errorf("%s: %v", at, c.err)
						}
					case *scope.DropError:
						if p.want == "drop" && (e.Scope != "own" || e.Guard != "x" || e.Outcome != "error") || p.want == "task" {
							t.Errorf("%s: %s, %v", at, e.Outcome, c.err)
						}
					default:
						if p.want != "" || c.err != give {
							t.Errorf("%s: %T", at, c.err)
						}
					}
					if looked && p.want == "drop" && place != "early drop" && entry(t, report, "x").Outcome != "error" {
						t.Errorf("%s: outcome %s", at, entry(t, report, "x").Outcome)
					}
				})
			}
		}
	}
}

// TestPanicOfAChild: a panic of a drop in a child is contained; one of its task
// goes on from Close and from the parent's Run, with all else that failed in the
// child beside it.
func TestPanicOfAChild(t *testing.T) {
	child := func(s *scope.Scope, task func(context.Context) error) *scope.Scope {
		c := must(s.Child("c"))
		_ = must(scope.Defer(c, "a", func(context.Context) error { return errGone }))
		_ = must(scope.Defer(c, "b", func(context.Context) error { panic("drop") }))
		c.Go("t", task)
		return c
	}
	explodes := func(context.Context) error { panic("task") }
	for name, closes := range map[string]bool{"Close": true, "its parent's drop": false} {
		synctest.Test(t, func(t *testing.T) {
			c := calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					if c := child(s, nothing); closes {
						return c.Close(ctx)
					}
					return nil
				}, scope.WithName("x"))
			})
			if c.panic != nil || !errors.Is(c.err, errGone) || !errors.As(c.err, new(*scope.PanicError)) {
				t.Errorf("a drop panics, %s: %v, %v", name, c.panic, c.err)
			}
			c = calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					_ = must(scope.Defer(s, "own", func(context.Context) error { return errBoom }))
					if c := child(s, explodes); closes {
						return c.Close(ctx)
					}
					return nil
				}, scope.WithName("x"))
			})
			p, ok := c.panic.(*scope.PanicError)
			if !ok || p.Value != "task" || !errors.Is(p, errGone) {
				t.Fatalf("a task panics, %s: %v, %v", name, c.panic, c.err)
			}
			outcomes := map[string]string{}
			for _, err := range p.Others() {
				if e, ok := err.(*scope.DropError); ok {
					outcomes[e.Scope+" "+e.Guard] = e.Outcome
				}
			}
			if outcomes["x/c a"] != "error" || outcomes["x/c b"] != "panic" || !closes && outcomes["x own"] != "error" {
				t.Errorf("a task panics, %s: others %v", name, p.Others())
			}
		})
	}
}

// TestAbortPassesUntouched: the value by which a handler aborts its connection is
// none that a library may hold back, not even with WithPanicAsError.
func TestAbortPassesUntouched(t *testing.T) {
	for _, opts := range [][]scope.Option{nil, {scope.WithPanicAsError()}} {
		for name, body := range map[string]func(ctx context.Context, s *scope.Scope) error{
			"task": func(ctx context.Context, s *scope.Scope) error {
				s.Go("t", func(context.Context) error { panic(http.ErrAbortHandler) })
				return nil
			},
			"daemon": func(ctx context.Context, s *scope.Scope) error {
				_ = must(s.Daemon("d", func(ctx context.Context) error { <-ctx.Done(); panic(http.ErrAbortHandler) }))
				return nil
			},
			"body": func(context.Context, *scope.Scope) error { panic(http.ErrAbortHandler) },
			"child": func(ctx context.Context, s *scope.Scope) error {
				must(s.Child("c")).Go("t", func(context.Context) error { panic(http.ErrAbortHandler) })
				return nil
			},
			"nested in a task": func(ctx context.Context, s *scope.Scope) error {
				s.Go("t", func(ctx context.Context) error {
					return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
						s.Go("t", func(context.Context) error { panic(http.ErrAbortHandler) })
						return nil
					})
				})
				return nil
			},
		} {
			dropped := false
			c := calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					_ = must(scope.Defer(s, "g", func(context.Context) error { dropped = true; return errBoom }))
					return body(ctx, s)
				}, opts...)
			})
			if c.panic != any(http.ErrAbortHandler) || !dropped {
				t.Errorf("%s, %d options: panic %v, error %v, dropped %t", name, len(opts), c.panic, c.err, dropped)
			}
		}
	}
}

// TestPanicErrorIsNoList: what looks at lists of errors loses nothing.
func TestPanicErrorIsNoList(t *testing.T) {
	c := calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("a", func(context.Context) error { panic(errBoom) })
			s.Go("b", func(context.Context) error { return errGone })
			return nil
		})
	})
	list := multierr.Errors(c.panic.(error))
	if len(list) != 1 || list[0] != c.panic || !errors.Is(errors.Join(list...), errBoom) {
		t.Errorf("%v", list)
	}
}
