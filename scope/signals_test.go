package scope_test

import (
	"context"
	"errors"
	"syscall"
	"testing"

	"github.com/ebb-go/ebb/scope"
)

// TestSignals ask the scope of a Run to stop, and it succeeds; they are its own only
// while it lives, and a child has none.
func TestSignals(t *testing.T) {
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		_ = must(scope.Defer(s, "g", func(ctx context.Context) error {
			if e := scope.ExitOf(ctx); e.Kind != scope.Succeeded {
				return errors.New("exit " + e.Kind.String())
			}
			return nil
		}))
		if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR2); err != nil {
			return err
		}
		<-scope.Stopping(ctx)
		var sig *scope.SignalError
		if err := s.TryGo("late", nothing); !errors.As(err, &sig) || sig.Signal != syscall.SIGUSR2 || !errors.Is(err, context.Canceled) {
			t.Errorf("refused with %v", err)
		}
		_, err := s.Child("child", scope.WithSignals())
		if err == nil {
			t.Error("a child takes WithSignals")
		}
		return ctx.Err()
	}, scope.WithSignals(syscall.SIGUSR2))
	if err != nil {
		t.Error(err)
	}
	err = scope.Run(t.Context(), func(context.Context, *scope.Scope) error { return nil }, scope.WithStopFirst())
	if err == nil {
		t.Error("Run takes WithStopFirst")
	}
}

// TestSignalsOfANestedRun: a second signal to the program ends every wait in scopes
// that watch for signals of their own too.
func TestSignalsOfANestedRun(t *testing.T) {
	p := runs(t, "nests")
	p.says("ready")
	p.signal(syscall.SIGTERM)
	p.says("a second later")
	p.signal(syscall.SIGTERM)
	p.says("telemetry")
	p.exits(143, "abandoned")
}
