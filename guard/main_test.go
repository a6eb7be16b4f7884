package guard_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/internal/life"
	"go.uber.org/goleak"
)

// Many tests end in the middle of a guard's life, and what they forget would be
// logged. TestDefaultLeakHook looks at the log.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	code := m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		os.Stderr.WriteString(err.Error())
		code = 1
	}
	os.Exit(code)
}

// own makes the test the owner of g, as a scope does.
func own[T any](g *guard.Guard[T]) error {
	if g == nil {
		return guard.ErrDropped
	}
	return life.Inside(g).Own()
}

// disown is the opposite of own.
func disown[T any](g *guard.Guard[T]) {
	if g != nil {
		life.Inside(g).Disown()
	}
}
