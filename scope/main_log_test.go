package scope_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// The programs of the test.
func logsItsErrors() int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	return scope.Main(func(ctx context.Context, s *scope.Scope) error {
		_ = must(scope.Defer(s, "db", func(context.Context) error { return errBoom }))
		s.Go("t", func(context.Context) error { panic("kaboom") })
		return nil
	}, scope.WithName("app"), scope.WithErrorLog(log))
}

func logsItsMisuse() int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	return scope.Main(func(context.Context, *scope.Scope) error { return nil }, scope.WithErrorLog(log), scope.WithGrace(-1))
}

// TestMainErrorLog: a logger of the caller's has all that standard error has otherwise.
func TestMainErrorLog(t *testing.T) {
	p := runs(t, "logs its errors")
	p.exits(1, "level=ERROR", " report=", "panic=", "kaboom", " stack=", "main_log_test.go", "boom")
	for line := range strings.Lines(p.stderr.String()) {
		if !strings.HasPrefix(line, "time=") {
			t.Errorf("a line of its own: %s", line)
		}
	}
	runs(t, "logs its misuse").exits(1, "level=ERROR", "WithGrace(-1ns)")
	err := scope.Run(t.Context(), func(context.Context, *scope.Scope) error { return nil }, scope.WithErrorLog(nil))
	if err == nil {
		t.Error("Run takes WithErrorLog")
	}
}
