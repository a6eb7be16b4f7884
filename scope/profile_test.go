package scope_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	rtrace "runtime/trace"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// labelsOf returns the labels of the goroutine that runs with ctx.
func labelsOf(ctx context.Context) string {
	var labels []string
	pprof.ForLabels(ctx, func(k, v string) bool {
		labels = append(labels, k+"="+v)
		return true
	})
	return strings.Join(labels, " ")
}

// TestProfileLabels: tasks, daemons and drops are labelled with their scope and
// name, also those of nested scopes, and what they start inherits it.
func TestProfileLabels(t *testing.T) {
	var task, nested, daemon, drop string
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_, err := scope.Defer(s, "db", func(ctx context.Context) error { drop = labelsOf(ctx); return nil })
		if err != nil {
			return err
		}
		s.Go("warm", func(ctx context.Context) error {
			task = labelsOf(ctx)
			return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
				s.Go("deep", func(ctx context.Context) error { nested = labelsOf(ctx); return nil })
				return nil
			}, scope.WithName("req"))
		})
		_, err = s.Daemon("consumer", func(ctx context.Context) error { daemon = labelsOf(ctx); return nil })
		return err
	}, scope.WithName("orders"), scope.WithProfileLabels())
	if err != nil {
		t.Fatal(err)
	}
	for got, want := range map[string]string{
		task:   "scope=orders task=warm",
		nested: "scope=orders/req task=deep",
		daemon: "daemon=consumer scope=orders",
		drop:   "guard=db scope=orders",
	} {
		if got != want {
			t.Errorf("labels %q, want %q", got, want)
		}
	}
}

// TestProfileLabelsAreInTheProfile: a goroutine profile says whose a goroutine
// is.
func TestProfileLabelsAreInTheProfile(t *testing.T) {
	var profile bytes.Buffer
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("profiler", func(context.Context) error { return pprof.Lookup("goroutine").WriteTo(&profile, 1) })
		return nil
	}, scope.WithName("orders"), scope.WithProfileLabels())
	if err != nil {
		t.Fatal(err)
	}
	if want := `"task":"profiler"`; !strings.Contains(profile.String(), want) {
		t.Errorf("no %s in\n%s", want, profile.String())
	}
}

// TestExecutionTracer: while the execution tracer runs, a scope is a task of it
// and what it runs are regions.
func TestExecutionTracer(t *testing.T) {
	if rtrace.IsEnabled() {
		t.Fatal("the execution tracer is in use")
	}
	var out bytes.Buffer
	if err := rtrace.Start(&out); err != nil {
		t.Fatal(err)
	}
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("traced-task", func(context.Context) error { return nil })
		_, err := scope.Defer(s, "traced-guard", func(context.Context) error { return nil })
		return err
	}, scope.WithName("traced-scope"))
	rtrace.Stop()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"scope traced-scope", "task traced-task", "guard traced-guard"} {
		if !bytes.Contains(out.Bytes(), []byte(want)) {
			t.Errorf("%q is not in the trace", want)
		}
	}
}

func ExampleWithProfileLabels() {
	_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("warm-up", func(ctx context.Context) error {
			pprof.ForLabels(ctx, func(key, value string) bool {
				fmt.Println(key, value)
				return true
			})
			return nil
		})
		return nil
	}, scope.WithName("orders"), scope.WithProfileLabels())
	// Output:
	// scope orders
	// task warm-up
}
