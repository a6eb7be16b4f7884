package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/ebb-go/ebb/trace"
)

// The proof must be able to fail: each row tampers with what was found, and the
// proof must say so.
func TestProofFindsWhatIsWrong(t *testing.T) {
	for name, test := range map[string]struct {
		tamper func(d *disk)
		want   string
	}{
		"nothing":             {func(*disk) {}, ""},
		"a row is lost":       {func(d *disk) { d.committed = d.committed[:2] }, "rows committed: 1 missing, C for one"},
		"an event is lost":    {func(d *disk) { d.journaled = d.journaled[1:] }, "events journaled: 1 missing, A for one"},
		"an event is doubled": {func(d *disk) { d.journaled = append(d.journaled, "B") }, "events journaled: 1 too many, B for one"},
		"another order":       {func(d *disk) { d.projected = []string{"A", "B", "X"} }, "events projected: 1 missing, C for one"},
		"nobody was told":     {func(d *disk) { d.committed = append(d.committed, "D") }, "rows committed: 1 too many, D for one"},
		"an event is stuck":   {func(d *disk) { d.outbox = 1 }, "events on the way: want 0"},
		"no flush":            {func(d *disk) { d.sold = 4 }, "units flushed by the cache: want 6"},
	} {
		t.Run(name, func(t *testing.T) {
			all := func() []string { return []string{"A", "B", "C"} }
			d := disk{committed: all(), journaled: all(), projected: all(), ordered: 6, sold: 6}
			test.tamper(&d)
			err := compareOrders([]string{"A"}, []string{"B", "C"}, d).err()
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" && (!errors.Is(err, errLost) || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestProofCountsGuards(t *testing.T) {
	v := &service{report: &trace.Report{Entries: []trace.Entry{
		{Name: "database", Kind: "guard", Outcome: "ok"},
		{Name: "mailer", Kind: "guard", Outcome: "abandoned"},
		{Name: "server", Kind: "daemon", Outcome: "error"},
	}}}
	v.tally.acquired.Store(3)
	v.tally.dropped.Store(2)
	if err := compareGuards(v).err(); err != nil {
		t.Errorf("the one that is named is not missing: %v", err)
	}
	v.tally.dropped.Store(1)
	p := compareGuards(v)
	if err := p.err(); !errors.Is(err, errLost) {
		t.Errorf("%v, want %v", err, errLost)
	}
	var screen bytes.Buffer
	if err := p.writeText(&screen); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"guards not dropped, and named       1", "mailer", "WRONG: want 2"} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("no %q in\n%s", want, &screen)
		}
	}
}
