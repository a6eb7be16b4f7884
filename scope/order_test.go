package scope_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// TestOrderOfErrors: in random graphs of which every drop fails, the errors are by
// wave and registration, and under Sequential in the order in which the drops ran;
// the report is by wave and registration in any case.
func TestOrderOfErrors(t *testing.T) {
	for seed := range uint64(60) {
		for _, schedule := range []scope.Schedule{scope.Waves, scope.Eager, scope.Sequential} {
			synctest.Test(t, func(t *testing.T) {
				rnd := rand.New(rand.NewPCG(seed, 0))
				var j journal
				var report *trace.Report
				n := 1 + rnd.IntN(9)
				c := calls(func() error {
					return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						s.Go("late", func(ctx context.Context) error { <-ctx.Done(); return errBoom })
						s.Go("first", func(context.Context) error { return errGone })
						var nodes []scope.Node
						for i := range n {
							name := fmt.Sprint(i)
							var deps []scope.Node
							for _, d := range nodes {
								if rnd.IntN(3) == 0 {
									deps = append(deps, d)
								}
							}
							h := must(scope.Defer(s, name, func(context.Context) error { j.add(name); return errors.New(name) }, scope.DependsOn(deps...)))
							nodes = append(nodes, h)
						}
						return errors.New("body")
					}, scope.WithSchedule(schedule), reported(&report))
				})
				var want, got []string
				for _, e := range report.Entries {
					want = append(want, e.Name)
				}
				if !slices.IsSortedFunc(report.Entries, func(a, b trace.Entry) int {
					if a.Wave != b.Wave {
						return a.Wave - b.Wave
					}
					return int(a.Name[0]) - int(b.Name[0])
				}) {
					t.Errorf("seed %d, %v: the report has %q", seed, schedule, want)
				}
				if schedule == scope.Sequential {
					want = j.log
				}
				list := multierr.Errors(c.err)
				for _, err := range list[min(3, len(list)):] {
					got = append(got, err.(*scope.DropError).Guard)
				}
				if len(list) != n+3 || list[0].Error() != "body" || part(list[1]) != "task late: boom" || part(list[2]) != "task first: caller is gone" {
					t.Fatalf("seed %d, %v: %v", seed, schedule, c.err)
				}
				if !slices.Equal(got, want) {
					t.Errorf("seed %d, %v: errors of %q, want %q", seed, schedule, got, want)
				}
			})
		}
	}
}

// listError is a list of a user's own, with a text of its own.
type listError struct{ errs []error }

func (l *listError) Error() string   { return fmt.Sprintf("%d orders failed", len(l.errs)) }
func (l *listError) Unwrap() []error { return l.errs }

// TestListsAreKept: a user's error that is a list stays one error with its own text,
// wherever it comes from and whatever stands beside it; all parts are found.
func TestListsAreKept(t *testing.T) {
	list := &listError{[]error{errGone, context.DeadlineExceeded}}
	nothingMore := func(context.Context, *scope.Scope) error { return nil }
	for name, body := range map[string]func(ctx context.Context, s *scope.Scope) error{
		"body": func(context.Context, *scope.Scope) error { return list },
		"task": func(_ context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { return list })
			return nil
		},
		"panic beside it": func(_ context.Context, s *scope.Scope) error {
			s.Go("t", func(context.Context) error { panic("kaboom") })
			return list
		},
		"nested": func(ctx context.Context, s *scope.Scope) error {
			return scope.Run(ctx, func(context.Context, *scope.Scope) error { return list })
		},
		"All": func(ctx context.Context, s *scope.Scope) error {
			_, err := scope.All(ctx, func(context.Context) (int, error) { return 0, list })
			return err
		},
		"telemetry": nothingMore,
	} {
		for _, more := range []bool{false, true} {
			opts := []scope.Option{}
			if name == "telemetry" {
				opts = append(opts, scope.WithTelemetry(func(context.Context) error { return list }))
			}
			c := calls(func() error {
				return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
					if more {
						_ = must(scope.Defer(s, "g", func(context.Context) error { return errBoom }))
					}
					return body(ctx, s)
				}, opts...)
			})
			err := c.err
			var errs []error
			switch p := c.panic.(type) {
			case *scope.PanicError:
				err, errs = p, p.Others()
			default:
				if errs = []error{err}; more {
					errs = multierr.Errors(err)
				}
			}
			var found *listError
			if !errors.As(err, &found) || found != list || !errors.Is(err, errGone) || more && !errors.Is(err, errBoom) {
				t.Errorf("%s, more %t: %v", name, more, err)
			}
			kept := slices.ContainsFunc(errs, func(e error) bool {
				if w, ok := e.(interface{ Unwrap() error }); ok {
					e = w.Unwrap()
				}
				return e == error(list)
			})
			if want := map[bool]int{true: 2, false: 1}[more]; !kept || len(errs) != want {
				t.Errorf("%s, more %t: %d errors, %v", name, more, len(errs), errs)
			}
		}
	}
}
