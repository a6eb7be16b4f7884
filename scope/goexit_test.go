package scope_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// shape is a way to register guards a, b and c in a nested Run.
type shape struct {
	name   string
	guards int
	chain  bool // c uses b, which uses a
	opts   []scope.Option
	inTurn bool // no two drops run at the same time
}

var shapes = []shape{
	{"one", 1, false, nil, true},
	{"chain", 3, true, nil, true},
	{"eager chain", 3, true, []scope.Option{scope.WithSchedule(scope.Eager)}, true},
	{"sequential", 3, false, []scope.Option{scope.WithSchedule(scope.Sequential)}, true},
	{"limit of one", 3, false, []scope.Option{scope.WithDropLimit(1)}, true},
	{"wave", 3, false, nil, false},
	{"eager", 3, false, []scope.Option{scope.WithSchedule(scope.Eager)}, false},
	{"chain with a grace", 3, true, []scope.Option{scope.WithGrace(time.Minute)}, false},
}

// run runs the nested scope on ctx, whose guards are dropped by drop.
func (sh shape) run(ctx context.Context, drop func(ctx context.Context, name string) error, opts ...scope.Option) error {
	return scope.Run(ctx, func(_ context.Context, s *scope.Scope) error {
		var last scope.Node
		for _, name := range []string{"a", "b", "c"}[:sh.guards] {
			var on []scope.GuardOption
			if sh.chain && last != nil {
				on = append(on, scope.DependsOn(last))
			}
			last = must(scope.Defer(s, name, func(ctx context.Context) error { return drop(ctx, name) }, on...))
		}
		return nil
	}, append(opts, sh.opts...)...)
}

// TestGoexitOfADrop: whatever the schedule and the number of guards, a drop that calls
// Goexit ends no other drop, and the report has it. Where drops of a nested Run run one
// after another they run on its goroutine: there the Goexit goes on when the teardown is
// complete. Everywhere else Run returns it as an error.
func TestGoexitOfADrop(t *testing.T) {
	for _, sh := range shapes {
		for victim := range sh.guards {
			t.Run(sh.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var j journal
					var report *trace.Report
					var inner error
					returned := false
					err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
						s.Go("request", func(ctx context.Context) error {
							inner = sh.run(ctx, func(_ context.Context, name string) error {
								j.add(name)
								if name == string(rune('a'+victim)) {
									runtime.Goexit()
								}
								return nil
							}, scope.WithReport(func(r *trace.Report) { report = r }))
							returned = true
							return nil
						})
						return nil
					})
					if got := slices.Sorted(slices.Values(j.log)); len(got) != sh.guards {
						t.Errorf("dropped %v, want each of %d once", got, sh.guards)
					}
					if report == nil {
						t.Fatal("no report")
					}
					goexits := 0
					for _, e := range report.Entries {
						if e.Outcome == "goexit" {
							goexits++
						} else if e.Outcome != "ok" {
							t.Errorf("%s: %s", e.Name, e.Outcome)
						}
					}
					if goexits != 1 {
						t.Errorf("%d goexits in the report", goexits)
					}
					if sh.inTurn {
						if returned || !errors.Is(err, scope.ErrGoexit) {
							t.Errorf("the nested Run has returned (%v); the one around it: %v", returned, err)
						}
						return
					}
					var drop *scope.DropError
					if err != nil || !errors.As(inner, &drop) || drop.Outcome != "goexit" {
						t.Errorf("the nested Run: %v, the one around it: %v", inner, err)
					}
				})
			})
		}
	}
}

// TestGoexitOfADropAndAPanic: a Goexit of a drop does not hide the panic of a body.
func TestGoexitOfADropAndAPanic(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("request", func(ctx context.Context) error {
			return scope.Run(ctx, func(_ context.Context, s *scope.Scope) error {
				must(scope.Defer(s, "a", func(context.Context) error { runtime.Goexit(); return nil }))
				panic("kaboom")
			})
		})
		return nil
	}, scope.WithPanicAsError())
	var p *scope.PanicError
	if !errors.As(err, &p) || p.Value != any("kaboom") {
		t.Errorf("got %v", err)
	}
}

// TestPanicOfADrop: a drop that panics is contained, and the others are dropped, also
// where it runs on the goroutine of Run.
func TestPanicOfADrop(t *testing.T) {
	for _, sh := range shapes {
		t.Run(sh.name, func(t *testing.T) {
			var j journal
			err := scope.Run(t.Context(), func(ctx context.Context, _ *scope.Scope) error {
				return sh.run(ctx, func(_ context.Context, name string) error {
					j.add(name)
					panic("kaboom " + name)
				})
			})
			if got := j.log; len(got) != sh.guards {
				t.Errorf("dropped %v", got)
			}
			for _, name := range []string{"a", "b", "c"}[:sh.guards] {
				if !strings.Contains(err.Error(), "kaboom "+name) {
					t.Errorf("no panic of %s in %v", name, err)
				}
			}
		})
	}
}

// TestSlowDropInTurn: a slow drop is logged once and in time, and so is a second one.
func TestSlowDropInTurn(t *testing.T) {
	for _, sh := range shapes {
		t.Run(sh.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				logger := slog.New(slog.NewTextHandler(&log, nil))
				err := scope.Run(t.Context(), func(ctx context.Context, _ *scope.Scope) error {
					return sh.run(ctx, func(context.Context, string) error { time.Sleep(7 * time.Second); return nil })
				}, scope.WithLogger(logger))
				if err != nil {
					t.Error(err)
				}
				if got := strings.Count(log.String(), "slow drop"); got != sh.guards {
					t.Errorf("%d slow drops in the log, want %d:\n%s", got, sh.guards, log.String())
				}
				if !strings.Contains(log.String(), "age=5s") {
					t.Errorf("not in time:\n%s", log.String())
				}
			})
		})
	}
}
