package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
	"github.com/ebb-go/ebb/internal/fault"
)

// An abandoned guard does not hold up the others; with Hold, what it depends on
// is skipped.
//
//	api -> cache -> db      child (All, hangs) implies all guards but log's user
func TestHold(t *testing.T) {
	for _, schedule := range schedules {
		for _, hold := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/hold=%v", schedule, hold), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					release := make(chan struct{})
					defer close(release)
					var g engine.Graph
					db := add(t, &g, "db", nothing)
					cache := add(t, &g, "cache", nothing, db)
					api := add(t, &g, "api", hangs(release), cache)
					add(t, &g, "log", nothing).Hold() // is not abandoned: means nothing
					if hold {
						api.Hold()
					}
					out := g.Teardown(t.Context(), with(withTimeout(time.Second), withOrder(schedule)))
					want := []string{"api:abandoned", "log:ok", "cache:ok", "db:ok"}
					if hold {
						want = []string{"api:abandoned", "log:ok", "cache:skipped", "db:skipped"}
					}
					if got := words(out); !slices.Equal(got, want) {
						t.Errorf("got %v, want %v", got, want)
					}
					if hold {
						err := out[2].Err
						if !errors.Is(err, engine.ErrAbandoned) || !strings.Contains(err.Error(), `"api"`) {
							t.Errorf("skipped with %v", err)
						}
						if fault.Type(err) != "skipped" {
							t.Errorf("error type %q", fault.Type(err))
						}
					}
				})
			})
		}
	}
}

// Hold reaches across the edges that All implies, and leaves Users alone.
func TestHoldAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		var g engine.Graph
		add(t, &g, "db", nothing)
		insert(t, &g, engine.Spec{Name: "daemon", Dropper: dropper(nothing), User: true})
		insert(t, &g, engine.Spec{Name: "child", Dropper: dropper(hangs(release)), User: true, All: true, Hold: true})
		add(t, &g, "newer", nothing)
		got := words(g.Teardown(t.Context(), with(withTimeout(time.Second))))
		if want := []string{"daemon:ok", "child:abandoned", "newer:ok", "db:skipped"}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// Force abandons what runs and skips the rest, at once.
func TestForce(t *testing.T) {
	for _, schedule := range schedules {
		t.Run(schedule.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release, force := make(chan struct{}), make(chan struct{})
				defer close(release)
				var g engine.Graph
				db := add(t, &g, "db", nothing)
				api := add(t, &g, "api", hangs(release), db)
				add(t, &g, "quick", nothing, api)
				time.AfterFunc(3*time.Second, func() { close(force) })
				start := time.Now()
				out := g.Teardown(t.Context(), with(withOrder(schedule), withForce(force)))
				if got := time.Since(start); got != 3*time.Second {
					t.Errorf("forced after 3s, over after %v", got)
				}
				if got, want := words(out), []string{"quick:ok", "api:abandoned", "db:skipped"}; !slices.Equal(got, want) {
					t.Fatalf("got %v, want %v", got, want)
				}
				if o := out[1]; !errors.Is(o.Overrun.Cause, engine.ErrForced) || !errors.Is(o.Overrun.Cause, context.Canceled) || o.Overrun.Limit != 0 || o.Overrun.Stack == "" {
					t.Errorf("overrun %+v", o.Overrun)
				}
				if out[2].Err != engine.ErrForced {
					t.Errorf("skipped with %v", out[2].Err)
				}
			})
		})
	}
}

// Force cancels the contexts of the drops that run.
func TestForceCancels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		force, cause := make(chan struct{}), make(chan error, 2)
		var g engine.Graph
		for range 2 {
			add(t, &g, "db", func(ctx context.Context) error {
				<-ctx.Done()
				cause <- context.Cause(ctx)
				return nil
			})
		}
		time.AfterFunc(time.Second, func() { close(force) })
		g.Teardown(t.Context(), with(withForce(force), withTimeout(time.Hour)))
		for range 2 {
			if err := <-cause; !errors.Is(err, engine.ErrForced) || !errors.Is(err, context.Canceled) {
				t.Errorf("cause %v", err)
			}
		}
	})
}

// A drop that starts at the moment of Force is abandoned like one that runs.
func TestForceAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		force, release := make(chan struct{}), make(chan struct{})
		defer close(release)
		var g engine.Graph
		add(t, &g, "db", hangs(release))
		out := g.Teardown(t.Context(), with(withForce(force), withObserve(func(e engine.Event) {
			if e.Kind == engine.DropStart {
				close(force)
				synctest.Wait() // Teardown has looked for what runs, and found nothing
			}
		})))
		if out[0].Outcome.String() != "abandoned" {
			t.Errorf("outcome %s", out[0].Outcome)
		}
	})
}

// A drop that fails in any way costs no other its drop, whatever the limit. What is
// a panic or a Goexit is decided by what was caught, and not by what an error wraps.
func TestEveryFaultIsContained(t *testing.T) {
	for _, schedule := range schedules {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			var g engine.Graph
			last := add(t, &g, "last", nothing)
			add(t, &g, "error", func(context.Context) error { return errDrop }, last)
			add(t, &g, "panic", func(context.Context) error { panic(errDrop) }, last)
			add(t, &g, "wrapped", func(context.Context) error { return fmt.Errorf("x: %w", fault.Panic(1)) }, last)
			add(t, &g, "goexit inside", func(context.Context) error { return fault.ErrGoexit }, last)
			add(t, &g, "caught", func(context.Context) error { return &engine.Caught{Err: errDrop} }, last)
			add(t, &g, "caught goexit", func(context.Context) error { return &engine.Caught{Err: errDrop, Goexit: true} }, last)
			add(t, &g, "caught inside", func(context.Context) error { return fmt.Errorf("x: %w", &engine.Caught{Err: errDrop}) }, last)
			add(t, &g, "goexit", (&model{fate: []int{exits}, ended: make([]bool, 1), calls: make([]int, 1)}).drop(0), last)
			add(t, &g, "hangs", hangs(release), last)
			got := words(g.Teardown(t.Context(), with(withOrder(schedule), withLimit(1), withTimeout(time.Second))))
			want := []string{"error:error", "panic:panic", "wrapped:error", "goexit inside:error",
				"caught:panic", "caught goexit:goexit", "caught inside:error", "goexit:goexit", "hangs:abandoned", "last:ok"}
			if !slices.Equal(got, want) {
				t.Errorf("%v: got %v, want %v", schedule, got, want)
			}
		})
	}
}
