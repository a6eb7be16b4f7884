package guard_test

import (
	"log/slog"
	"os"
	"testing"

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
