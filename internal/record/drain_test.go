package record_test

import (
	"testing"

	"github.com/ebb-go/ebb/internal/record"
	"github.com/ebb-go/ebb/trace"
)

// The span of a teardown has the sums of the drain and a line for each item, those
// that went wrong first.
func TestDrainOnSpan(t *testing.T) {
	d := trace.Drain{
		Started: atMS(0), Ended: atMS(3100),
		Items: []trace.DrainItem{
			{Name: "cron", Kind: "task", Ended: 1},
			{Name: "upstream", Kind: "task", Ended: 70, Canceled: 5, Abandoned: 1},
			{Name: "request", Kind: "run", Ended: 12},
			{Name: "late", Kind: "task", Refused: 2},
		},
	}
	p, _, td := drawn(t, record.TeardownInfo{Schedule: "eager", Cause: "bad \xff byte", Drain: d})
	td.End(atMS(1), nil, nil)
	want := ` cause=bad � byte critical_path=[] drain.abandoned=1 drain.canceled=5 ` +
		`drain.items=["76 x upstream: 70 ended, 5 canceled, 1 abandoned","2 x late: 2 refused","12 x run request: 12 ended","cron: 1 ended"] ` +
		`drain.refused=2 drain.tasks=89 drain_ms=3100 guards=0 scope.path=s waves=0`
	if got := p.one(t, "teardown s").detail(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
