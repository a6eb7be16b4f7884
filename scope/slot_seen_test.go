package scope_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

// The report and the snapshot have all values whose drop went wrong, the newest, and a
// count.
func TestSlotSeen(t *testing.T) {
	p := pools{fails: map[int]error{1: errBoom}}
	var report *trace.Report
	var shot trace.Snapshot
	_ = p.slot(t, func(ctx context.Context, s *scope.Scope, l *scope.Slot[int]) error {
		for range 30 {
			_ = l.Replace(ctx, p.open)
		}
		shot = s.Snapshot()
		return nil
	}, scope.WithReport(func(r *trace.Report) { report = r }))
	var names []string
	for _, it := range shot.Items {
		names = append(names, fmt.Sprintf("%s %s %s %d", it.Kind, it.Name, it.State, it.Count))
	}
	all := strings.Join(names, "\n")
	for _, want := range []string{"guard pool live 0", "value pool[31] live 0", "value pool[1] error 0", "value pool[30] dropped 0", "value pool dropped 13"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if len(report.Values) != 1 || report.Values[0].Dropped != 31 || len(report.Values[0].Values) != 17 {
		t.Fatalf("%+v", report.Values)
	}
	var text strings.Builder
	if err := report.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pool: 31 values", "pool[1] ", "boom", "pool[31] ", "and 14 more"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

// Each value that was dropped has a span: one that was replaced, and those of the teardown.
func TestSlotSpans(t *testing.T) {
	var p pools
	var rec spans
	err := p.slot(t, func(ctx context.Context, _ *scope.Scope, l *scope.Slot[int]) error {
		return l.Replace(ctx, p.open)
	}, scope.WithTracerProvider(&rec))
	if err != nil {
		t.Error(err)
	}
	var names []string
	for _, s := range rec.named("drop pool") {
		names = append(names, s.str("ebb.guard.name")+" "+s.str("ebb.scope.path")+" "+s.str("ebb.drop.outcome"))
	}
	slices.Sort(names)
	if want := []string{"pool svc ok", "pool[1] svc ok", "pool[2] svc ok"}; !slices.Equal(names, want) {
		t.Errorf("%q, want %q", names, want)
	}
	if n := len(rec.named("acquire pool")); n != 2 {
		t.Errorf("%d acquires", n)
	}
}
