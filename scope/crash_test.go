package scope_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// crashes are programs that end with a panic that was raised on another goroutine
// than that of their Run.
var crashes = map[string]struct {
	run  func(opts ...scope.Option)
	want []string
}{
	"task": {func(opts ...scope.Option) {
		_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("boom", func(context.Context) error { panicHere(); return nil })
			return nil
		}, append(opts, scope.WithName("svc"))...)
	}, []string{`scope "svc": task "boom": panic: caller is gone`}},
	"daemon": {func(opts ...scope.Option) {
		_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
			_, err := s.Daemon("consumer", func(ctx context.Context) error { panicHere(); return nil })
			<-ctx.Done()
			return err
		}, append(opts, scope.WithName("svc"))...)
	}, []string{`scope "svc": task "consumer": panic: caller is gone`}},
	"daemon in its turn": {func(opts ...scope.Option) {
		_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
			_, err := s.Daemon("consumer", func(ctx context.Context) error { <-ctx.Done(); panicHere(); return nil })
			return err
		}, append(opts, scope.WithName("svc"))...)
	}, []string{`scope "svc": daemon "consumer": panic: caller is gone`}},
	"a task of a child": {func(opts ...scope.Option) {
		_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
			c, err := s.Child("session")
			c.Go("boom", func(context.Context) error { panicHere(); return nil })
			return err
		}, append(opts, scope.WithName("svc"))...)
	}, []string{`scope "svc/session": task "boom": panic: caller is gone`}},
	"nested, with more errors": {func(opts ...scope.Option) {
		_ = scope.Run(context.Background(), func(ctx context.Context, s *scope.Scope) error {
			s.Go("outer", func(ctx context.Context) error {
				return scope.Run(ctx, func(ctx context.Context, s *scope.Scope) error {
					_, _ = scope.Defer(s, "db", func(context.Context) error { return errBoom })
					s.Go("inner", func(context.Context) error { panicHere(); return nil })
					return nil
				}, scope.WithName("request"))
			})
			return nil
		}, append(opts, scope.WithName("svc"))...)
	}, []string{`scope "svc/request": task "inner": panic: caller is gone`, `(and 1 more: scope "svc/request": drop "db" (wave 0): boom)`}},
	"All": {func(...scope.Option) {
		_, _ = scope.All(context.Background(), func(context.Context) (int, error) { panicHere(); return 0, nil })
	}, []string{`panic: caller is gone`}},
}

// TestCrashSaysWhere: what the runtime prints of a panic that Run goes on with
// names the scope and the task, and has the stack of the goroutine that panicked.
func TestCrashSaysWhere(t *testing.T) {
	if name := os.Getenv("EBB_TEST_CRASH"); name != "" {
		crashes[name].run()
		return
	}
	for name, crash := range crashes {
		cmd := exec.Command(os.Args[0], "-test.run=^TestCrashSaysWhere$")
		cmd.Env = append(os.Environ(), "EBB_TEST_CRASH="+name)
		out, err := cmd.CombinedOutput()
		if err == nil {
			t.Errorf("%s: the process ended well", name)
		}
		for _, want := range append(crash.want, "scope_test.panicHere(") {
			if !strings.Contains(string(out), want) {
				t.Errorf("%s: the crash does not say %q:\n%s", name, want, out)
			}
		}
	}
}

// TestServerLogSaysWhere: the log of net/http likewise.
func TestServerLogSaysWhere(t *testing.T) {
	var lines bytes.Buffer
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		crashes["task"].run()
	}))
	server.Config.ErrorLog = log.New(&lines, "", 0)
	server.Start()
	_, err := http.Get(server.URL)
	server.Close() // so the handler has logged
	for _, want := range append(crashes["task"].want, "scope_test.panicHere(") {
		if err == nil || !strings.Contains(lines.String(), want) {
			t.Errorf("%v, the log does not say %q:\n%s", err, want, &lines)
		}
	}
}

// TestVerboseHasTheStack: %+v of what wraps a panic has its stack, also in a list;
// the text of an error is one line.
func TestVerboseHasTheStack(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		s.Go("t", func(context.Context) error { panicHere(); return nil })
		_ = must(scope.Defer(s, "g", func(context.Context) error { panicHere(); return nil }))
		_ = must(scope.Defer(s, "h", func(context.Context) error { return errBoom }))
		return nil
	}, scope.WithName("x"), scope.WithPanicAsError())
	if n := strings.Count(fmt.Sprintf("%+v", err), "scope_test.panicHere("); n != 2 {
		t.Errorf("%d stacks in\n%+v", n, err)
	}
	if text := err.Error(); strings.Contains(text, "\n") || text != fmt.Sprintf("%v", err) || text != fmt.Sprintf("%s", err) {
		t.Errorf("%v", err)
	}
	wantText(t, err, `scope "x": task "t": panic: caller is gone; scope "x": drop "g" (wave 0): panic: caller is gone; scope "x": drop "h" (wave 0): boom`)
}

// TestMainPanic: 1 for a panic of a task or the body, with its stack.
func TestMainPanic(t *testing.T) {
	runs(t, "panics").exits(1, programName+`: scope "app": task "t": panic: kaboom`, "goroutine", "main_test.go")
	p := runs(t, "panics in body")
	p.says("dropped")
	p.exits(1, programName+`: scope "app": body: panic: assignment to entry in nil map`, "goroutine", "main_test.go")
}
