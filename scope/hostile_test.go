package scope_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"go.uber.org/multierr"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/fault"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// hostile is an error each of whose methods does what it is told to. Of a nil one
// every method panics.
type hostile struct{ do func() }

func (h *hostile) Error() string     { h.do(); return "hostile" }
func (h *hostile) Unwrap() error     { h.do(); return errBoom }
func (h *hostile) Is(error) bool     { h.do(); return false }
func (h *hostile) As(any) bool       { h.do(); return false }
func (h *hostile) ErrorType() string { h.do(); return "own" }

// circle unwraps to itself, bush to itself and to nothing, crowd to a list of nil.
type (
	circle struct{ name string }
	bush   struct{ name string }
	crowd  struct{ name string }
	bag    struct{ list []int } // cannot be compared
	liar   struct{ name string }
)

func (c *circle) Error() string { return c.name }
func (c *circle) Unwrap() error { return c }
func (b *bush) Error() string   { return b.name }
func (b *bush) Unwrap() []error { return []error{nil, b, b} }
func (c *crowd) Error() string  { return c.name }
func (crowd) Unwrap() []error   { return []error{nil, nil} }
func (bag) Error() string       { return "bag" }
func (l *liar) Error() string   { return l.name }
func (l *liar) Is(error) bool   { return true } // it is whatever it is asked for
func (l *liar) As(any) bool     { return true } // and sets nothing

func hostiles() map[string]error {
	var absent *hostile
	return map[string]error{
		"nil pointer":      absent,
		"panics":           &hostile{func() { panic("an error panics") }},
		"exits":            &hostile{runtime.Goexit},
		"calls back":       &hostile{func() { every() }},
		"circle":           &circle{"circle"},
		"bush":             &bush{"bush"},
		"crowd":            &crowd{"crowd"},
		"not comparable":   bag{[]int{1}},
		"liar":             &liar{"liar"},
		"wrapped nil":      fmt.Errorf("wrapped: %w", error(absent)),
		"joined with more": errors.Join(errGone, absent, errBoom),
	}
}

// every asks the scopes of the test for what takes their lock, unless that is what
// has called back.
func every() {
	if asking.Swap(true) {
		return
	}
	defer asking.Store(false)
	for _, s := range watched {
		s.Snapshot()
		s.Plan()
	}
}

var (
	watched []*scope.Scope
	asking  atomic.Bool
)

// holds reports whether err has want in it, without a call of a method of want.
func holds(err, want error) bool {
	for e := range fault.Tree(err) {
		if fault.Same(e, want) {
			return true
		}
		if _, ok := want.(bag); ok {
			if _, ok := e.(bag); ok {
				return true
			}
		}
		if p, ok := e.(*scope.PanicError); ok && slices.ContainsFunc(p.Others(), func(o error) bool { return holds(o, want) }) {
			return true
		}
	}
	return false
}

// A hostilePlace brings an error into a scope. It returns the body's error.
type hostilePlace struct {
	bring func(ctx context.Context, s *scope.Scope, cancel context.CancelCauseFunc, err error) error
	lost  string // where the error need not be in what Run returns or panics with, and why
}

func hostilePlaces() map[string]hostilePlace {
	type ctx = context.Context
	return map[string]hostilePlace{
		"body": {func(_ ctx, _ *scope.Scope, _ context.CancelCauseFunc, err error) error { return err }, ""},
		"body, canceled": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			s.Cancel(errGone)
			return err
		}, ""},
		"task": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			s.Go("t", func(ctx) error { return err })
			return nil
		}, ""},
		"task, canceled": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			s.Go("t", func(ctx ctx) error { <-ctx.Done(); return err })
			s.Cancel(errGone)
			return nil
		}, ""},
		"daemon": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_ = must(s.Daemon("d", func(ctx) error { return err }))
			synctest.Wait()
			return nil
		}, ""},
		"daemon in its turn": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_ = must(s.Daemon("d", func(ctx ctx) error { <-ctx.Done(); return err }))
			return nil
		}, ""},
		"drop": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_ = must(scope.Defer(s, "x", func(ctx) error { return err }))
			return nil
		}, ""},
		"drop of a registered guard": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_ = must(scope.Register(s, "x", guard.New(1, func(ctx, int) error { return err })))
			return nil
		}, ""},
		"early drop": {func(ctx ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			return must(scope.Defer(s, "x", func(context.Context) error { return err })).Drop(ctx)
		}, ""},
		"early drop that is not waited for": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			over, cancel := context.WithCancel(context.Background())
			cancel()
			dropped := must(scope.Defer(s, "x", func(context.Context) error { return err })).Drop(over)
			if dropped == context.Canceled {
				return nil // the error is Run's now
			}
			return dropped // it has ended before it was given up
		}, ""},
		"task of a child": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			must(s.Child("c")).Go("t", func(ctx) error { return err })
			return nil
		}, ""},
		"drop of a child": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_ = must(scope.Defer(must(s.Child("c")), "x", func(ctx) error { return err }))
			return nil
		}, ""},
		"Close of a child": {func(ctx ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			c := must(s.Child("c"))
			_ = must(scope.Defer(c, "x", func(context.Context) error { return err }))
			return c.Close(ctx)
		}, ""},
		"nested Run": {func(ctx ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			return scope.Run(ctx, func(_ context.Context, s *scope.Scope) error {
				s.Go("t", func(context.Context) error { return err })
				return nil
			})
		}, ""},
		"cause of Cancel": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			s.Go("t", func(ctx ctx) error { <-ctx.Done(); return context.Cause(ctx) })
			s.Cancel(err)
			if refused := s.TryGo("late", nothing); refused == nil {
				return errors.New("a canceled scope took a task")
			}
			return nil
		}, ""},
		"cause of Stop": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			s.Stop(err)
			_ = s.TryGo("late", nothing)
			return nil
		}, "a scope that was only asked to stop has succeeded"},
		"cause of the caller's context": {func(_ ctx, s *scope.Scope, cancel context.CancelCauseFunc, err error) error {
			s.Go("t", func(ctx ctx) error { <-ctx.Done(); return ctx.Err() })
			cancel(err)
			return nil
		}, ""},
		"panic of the body": {func(_ ctx, _ *scope.Scope, _ context.CancelCauseFunc, err error) error { panic(err) }, ""},
		"panic of a task": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			s.Go("t", func(ctx) error { panic(err) })
			return nil
		}, ""},
		"panic of a daemon": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_ = must(s.Daemon("d", func(ctx ctx) error { <-ctx.Done(); panic(err) }))
			return nil
		}, ""},
		"panic of a drop": {func(_ ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_ = must(scope.Defer(s, "x", func(ctx) error { panic(err) }))
			return nil
		}, ""},
		"failed open": {func(ctx ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_, err = scope.Acquire(ctx, s, "x", func(context.Context) (int, error) { return 0, err }, func(context.Context, int) error { return nil })
			return err
		}, ""},
		"failed open of a lazy guard": {func(ctx ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			h := scope.Lazy(s, "x", func(context.Context) (int, error) { return 0, err }, func(context.Context, int) error { return nil })
			_, err = h.Use(ctx)
			return err
		}, ""},
		"daemon that is not ready": {func(ctx ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_, _, err = scope.Start(ctx, s, "x", func(context.Context, func(int)) error { return err })
			return err
		}, ""},
		"All": {func(ctx ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_, err = scope.All(ctx, func(context.Context) (int, error) { return 0, err },
				func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, context.Cause(ctx) })
			return err
		}, ""},
		"Await": {func(ctx ctx, s *scope.Scope, _ context.CancelCauseFunc, err error) error {
			_, err = scope.Async(s, "t", func(context.Context) (int, error) { return 0, err }).Await(context.Background())
			return err
		}, ""},
		"telemetry": {func(context.Context, *scope.Scope, context.CancelCauseFunc, error) error { return nil }, ""},
	}
}

// TestHostileErrors: whatever the methods of an error do, and wherever it comes
// from, the scope ends: Run returns or goes on with its panic, every guard is dropped
// once, each entry of the report has an outcome, and the error is in what Run says.
// It takes whole lives of scopes, looked at and not.
func TestHostileErrors(t *testing.T) {
	for place, p := range hostilePlaces() {
		for kind, give := range hostiles() {
			for _, looked := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/looked at %t", place, kind, looked), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { tryHostile(t, place, p, give, looked) })
				})
			}
		}
	}
}

func tryHostile(t *testing.T, place string, p hostilePlace, give error, looked bool) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var in *scope.Scope
	var report *trace.Report
	var log logs
	drops := map[string]int{}
	opts := []scope.Option{scope.WithName("x"), log.with()}
	if looked {
		opts = append(opts, scope.WithTracerProvider(&spans{}), reported(&report), scope.WithInspector(new(trace.Inspector)), scope.WithTaskSpans())
	}
	if place == "telemetry" {
		opts = append(opts, scope.WithTelemetry(func(context.Context) error { return give }))
	}
	c := calls(func() error {
		return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
			in, watched = s, []*scope.Scope{s}
			var order []scope.GuardOption
			for _, name := range []string{"a", "b", "c"} {
				h := must(scope.Defer(s, name, func(context.Context) error { drops[name]++; return nil }, order...))
				order = []scope.GuardOption{scope.DependsOn(h)}
			}
			return p.bring(ctx, s, cancel, give)
		}, opts...)
	})
	said := c.err
	if err, ok := c.panic.(error); ok {
		said = err
	}
	if p.lost == "" && !holds(said, give) || p.lost != "" && said != nil {
		t.Errorf("Run says %T, panic %T", c.err, c.panic)
	}
	if panics := strings.HasPrefix(place, "panic") && place != "panic of a drop"; panics != (c.panic != nil) || c.goexit {
		t.Errorf("panic %T, Goexit %t", c.panic, c.goexit)
	}
	if drops["a"] != 1 || drops["b"] != 1 || drops["c"] != 1 || in.Snapshot().State != "closed" {
		t.Errorf("dropped %v, the scope is %s", drops, in.Snapshot().State)
	}
	if looked && report == nil {
		t.Error("no report")
		return
	}
	if looked {
		for _, e := range report.Entries {
			if e.Outcome == "" || (e.Outcome == "ok") != (e.Err == nil) {
				t.Errorf("%s ended %q with %T", e.Name, e.Outcome, e.Err)
			}
		}
	}
	for _, err := range multierr.Errors(c.err) {
		if e, ok := err.(*scope.DropError); ok && place != "panic of a drop" && e.Outcome != "error" {
			t.Errorf("outcome %s", e.Outcome)
		}
	}
}
