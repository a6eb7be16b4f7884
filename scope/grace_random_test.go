package scope_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// ordeal is a random scope in which anything may hang.
type ordeal struct {
	*rand.Rand
	hang stuck
	asks bool // the scope will be canceled or asked to stop: without that nothing bounds tasks

	mu    sync.Mutex
	calls map[string]int // of drop functions
}

// fate returns what a function does: return at once, work, wait for its context, hang,
// fail, panic or end its goroutine.
func (o *ordeal) fate(name string) func(context.Context) error {
	kind, d := o.IntN(10), time.Duration(o.Int64N(int64(20*sec)))
	return func(ctx context.Context) error {
		o.mu.Lock()
		o.calls[name]++
		o.mu.Unlock()
		switch kind {
		case 0, 1, 2:
			return nil
		case 3:
			select {
			case <-o.hang:
			case <-time.After(d):
			}
			return nil
		case 4:
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-o.hang:
			case <-time.After(d):
			}
			return nil
		case 5, 6:
			<-o.hang
			return nil
		case 7:
			return errBoom
		case 8:
			panic(errBoom)
		}
		runtime.Goexit()
		return nil
	}
}

func (o *ordeal) chance(percent int) bool { return o.IntN(100) < percent }

func (o *ordeal) upTo(d time.Duration) time.Duration { return time.Duration(o.Int64N(int64(d))) }

// options are those of a guard, daemon or child; some depends on older guards.
func (o *ordeal) options(guards []scope.Node) (opts []scope.GuardOption) {
	if o.chance(30) {
		opts = append(opts, scope.DropTimeout(1+o.upTo(20*sec)))
	}
	if o.chance(20) {
		opts = append(opts, scope.Hold())
	}
	if o.chance(50) {
		for _, g := range guards {
			if o.chance(30) {
				opts = append(opts, scope.DependsOn(g))
			}
		}
	}
	return opts
}

// TestAllInTheGrace: whatever a scope owns and whatever of it hangs, Run returns at the
// latest when the grace has run out, or the reserve that a late body leaves; every drop
// runs at most once, and every node has exactly one outcome.
func TestAllInTheGrace(t *testing.T) {
	quietly(t)
	first := rand.Uint64N(1 << 32)
	t.Logf("seeds from %d", first)
	for seed := first; seed < first+400 && !t.Failed(); seed++ {
		bubbleOf(t, func(t *testing.T, hang stuck) { runOrdeal(t, seed, hang) })
	}
}

// TestAllInTheGraceSeeds are seeds that were found to fail.
func TestAllInTheGraceSeeds(t *testing.T) {
	quietly(t)
	for _, seed := range []uint64{1, 2, 3} {
		bubbleOf(t, func(t *testing.T, hang stuck) { runOrdeal(t, seed, hang) })
	}
}

func runOrdeal(t *testing.T, seed uint64, hang stuck) {
	o := &ordeal{Rand: rand.New(rand.NewPCG(seed, 0)), hang: hang, calls: map[string]int{}}
	grace := 10*time.Millisecond + o.upTo(30*sec)
	var report *trace.Report
	opts := []scope.Option{
		scope.WithGrace(grace), scope.WithSchedule(scope.Schedule(o.IntN(3))), scope.WithDropLimit(o.IntN(4)),
		reported(&report), new(logs).with(), scope.WithPanicAsError(),
	}
	if o.chance(50) {
		opts = append(opts, scope.WithTracerProvider(noop.NewTracerProvider()))
	}
	if o.chance(30) {
		opts = append(opts, scope.WithDropTimeout(1+o.upTo(20*sec)))
	}
	for k := range o.IntN(3) {
		opts = append(opts, scope.WithTelemetry(o.fate(fmt.Sprint("telemetry", k))))
	}
	var asked, left time.Time // when the grace began, unless with the end of the body; when that returned
	c := calls(func() error {
		return scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
			o.asks = o.chance(60)
			o.fill(ctx, s)
			if o.asks {
				asked = time.Now()
				if o.chance(50) {
					s.Cancel(errGone)
				} else {
					s.Stop(errGone)
				}
			}
			if o.chance(60) {
				time.Sleep(o.upTo(2 * grace))
			}
			left = time.Now()
			return nil
		}, opts...)
	})
	ended := time.Now()
	if asked.IsZero() {
		asked = report.Started // tasks have run to their end
	}
	end := asked.Add(grace)
	if late := left.Add(grace / 4); end.Before(late) {
		end = late
	}
	failed := func(format string, args ...any) { t.Errorf("seed %d: "+format, append([]any{seed}, args...)...) }
	if ended.After(end) {
		failed("Run returned %v too late, of a grace of %v: %v", ended.Sub(end), grace, c.err)
	}
	if c.panic != nil || c.goexit {
		failed("panic %v, Goexit %v", c.panic, c.goexit)
	}
	seen := map[string]int{}
	for _, e := range report.Entries {
		seen[e.Name]++
		if !slices.Contains([]string{"ok", "error", "panic", "goexit", "timeout", "abandoned", "skipped"}, e.Outcome) || (e.Outcome == "ok") != (e.Err == nil) {
			failed("%s: %s, %v", e.Name, e.Outcome, e.Err)
		}
	}
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	for name, n := range seen {
		if n != 1 || o.calls[name] > 1 {
			failed("%s has %d entries and was called %d times", name, n, o.calls[name])
		}
	}
	var abandoned *scope.AbandonedError
	if c.err == nil && errors.As(c.err, &abandoned) {
		failed("%v", c.err)
	}
}

// fill registers a random lot of everything with s, and begins some early drops.
func (o *ordeal) fill(ctx context.Context, s *scope.Scope) {
	var guards []scope.Node
	var handles []*scope.Handle[struct{}]
	for k := range o.IntN(12) {
		name := fmt.Sprint("g", k)
		h := must(scope.Defer(s, name, o.fate(name), o.options(guards)...))
		guards, handles = append(guards, h), append(handles, h)
	}
	for k := range o.IntN(3) {
		name := fmt.Sprint("d", k)
		opts := o.options(guards)
		if o.chance(50) {
			opts = append(opts, scope.Graceful())
		}
		fate := o.fate(name)
		_ = must(s.Daemon(name, func(ctx context.Context) error {
			select {
			case <-scope.Stopping(ctx):
			case <-o.hang:
			}
			return fate(ctx)
		}, opts...))
	}
	for k := range o.IntN(3) {
		var opts []scope.Option
		for _, opt := range o.options(guards) {
			opts = append(opts, opt)
		}
		if o.chance(30) {
			opts = append(opts, scope.WithGrace(1+o.upTo(10*sec)))
		}
		c := must(s.Child(fmt.Sprint("c", k), opts...))
		for j := range o.IntN(3) {
			c.Go("t", o.fate(fmt.Sprint("child task ", k, j)))
			_ = must(scope.Defer(c, "g", o.fate(fmt.Sprint("guard of child ", k, j))))
		}
		if o.chance(20) {
			o.briefly(ctx, c.Close)
		}
	}
	for k := range o.IntN(4) {
		if o.asks {
			s.Go("t", o.fate(fmt.Sprint("task ", k)))
		} else {
			s.Go("t", sleeps(o.upTo(20*sec)))
		}
	}
	for _, h := range handles {
		switch {
		case o.chance(15):
			o.briefly(ctx, h.Drop)
		case o.chance(5):
			o.briefly(ctx, h.DropTree)
		}
	}
}

// briefly calls f, and waits for it a second at most.
func (o *ordeal) briefly(ctx context.Context, f func(context.Context) error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.upTo(sec)+1)
	defer cancel()
	_ = f(ctx)
}
