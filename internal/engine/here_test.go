package engine_test

import (
	"context"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/ebb-go/ebb/internal/engine"
)

// TestHere: with the option Here, drops run on the caller's goroutine where no two can run
// at the same time and nothing can abandon them, and nowhere else.
func TestHere(t *testing.T) {
	for _, c := range []struct {
		name   string
		guards int
		chain  bool
		o      engine.Options
		here   bool
	}{
		{"one", 1, false, engine.Options{Here: true}, true},
		{"chain", 3, true, engine.Options{Here: true}, true},
		{"sequential", 3, false, engine.Options{Here: true, Schedule: engine.Sequential}, true},
		{"limit of one", 3, false, engine.Options{Here: true, Limit: 1}, true},
		{"wave", 3, false, engine.Options{Here: true}, false},
		{"limit of two", 3, false, engine.Options{Here: true, Limit: 2}, false},
		{"timeout", 1, false, engine.Options{Here: true, Timeout: time.Minute}, false},
		{"force", 1, false, engine.Options{Here: true, Force: make(chan struct{})}, false},
		{"not asked for", 1, false, engine.Options{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g engine.Graph
			var last []*engine.Node
			for i := range c.guards {
				n, err := g.Add(string(rune('a'+i)), func(context.Context) error {
					if here := strings.Contains(string(debug.Stack()), "TestHere"+".func1("); here != c.here {
						t.Errorf("on the caller's goroutine: %v, want %v", here, c.here)
					}
					return nil
				}, last...)
				if err != nil {
					t.Fatal(err)
				}
				if c.chain {
					last = []*engine.Node{n}
				}
			}
			outcomes := g.Teardown(t.Context(), c.o)
			if len(outcomes) != c.guards {
				t.Errorf("%d outcomes, want %d", len(outcomes), c.guards)
			}
		})
	}
}
