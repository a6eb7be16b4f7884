package main

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// The drawing is the one above service.run.
func TestServiceStopsWhatUsesBeforeWhatIsUsed(t *testing.T) {
	v := &service{dir: t.TempDir(), listener: testListener(t)}
	err := scope.Run(t.Context(), func(ctx context.Context, s *scope.Scope) error {
		v.ready = func() { s.Stop(errors.New("enough")) }
		return v.run(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	if v.report.Exit != "succeeded" {
		t.Errorf("%s, want that it stopped in order", v.report.Exit)
	}
	entries := make(map[string]trace.Entry)
	for _, e := range v.report.Entries {
		entries[e.Name] = e
	}
	for name, want := range map[string][]string{
		"server":       {"cache", "database", "relay"},
		"write-behind": {"cache"},
		"relay":        {"database", "journal", "projection", "stream"},
		"projection":   {"database", "stream"},
		"cache":        {"database"},
		"stream":       {"nats"},
		"journal":      nil,
		"database":     nil,
		"nats":         nil,
	} {
		e := entries[name]
		got := slices.Sorted(slices.Values(e.DependsOn))
		if e.Outcome != "ok" || !slices.Equal(got, want) {
			t.Errorf("%s: %q, depends on %v, want %v", name, e.Outcome, got, want)
		}
		for _, used := range e.DependsOn {
			if entries[used].Started.Before(e.Ended) {
				t.Errorf("%s began to drop before %s had ended", used, name)
			}
		}
	}
	if len(entries) != 9 {
		t.Errorf("%d guards and daemons, want 9", len(entries))
	}
}
