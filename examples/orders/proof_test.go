package main

import (
	"bytes"
	"errors"
	"slices"
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
		"an event is lost":    {func(d *disk) { d.journal.numbers = d.journal.numbers[1:] }, "events journaled: 1 missing, A for one"},
		"an event is doubled": {func(d *disk) { d.journal.numbers = append(d.journal.numbers, "B") }, "events journaled: 1 too many, B for one"},
		"a line is torn":      {func(d *disk) { d.journal.fault = errTorn }, "events journaled: is torn"},
		"another order":       {func(d *disk) { d.projected = []string{"A", "B", "X"} }, "events projected: 1 missing, C for one"},
		"it was refused":      {func(d *disk) { d.add("D") }, "rows committed: 1 too many, D for one"},
		"it was not answered": {func(d *disk) { d.add("U") }, ""},
		"it is there twice":   {func(d *disk) { d.add("U"); d.add("U") }, "rows committed: 1 too many, U for one"},
		"its event is lost":   {func(d *disk) { d.committed = append(d.committed, "U") }, "events journaled: 1 missing, U for one"},
		"an event is stuck":   {func(d *disk) { d.outbox = 1 }, "events on the way: want 0"},
		"no flush":            {func(d *disk) { d.sold = nil }, "units flushed by the cache: 0 of CUP, want 2; 2 SKUs in all"},
		"the wrong shelf":     {func(d *disk) { d.sold = map[string]int64{"CUP": 4, "MUG": 2} }, "units flushed by the cache: 2 of MUG, want 4"},
		"a SKU of its own":    {func(d *disk) { d.sold["PEN"] = 1 }, "units flushed by the cache: 1 of PEN, want none"},
	} {
		t.Run(name, func(t *testing.T) {
			d := disk{ordered: map[string]int64{"CUP": 2, "MUG": 4}, sold: map[string]int64{"CUP": 2, "MUG": 4}}
			for _, number := range []string{"A", "B", "C"} {
				d.add(number)
			}
			test.tamper(&d)
			told := &answers{acknowledged: []string{"B", "C"}, unanswered: []string{"U"}, refused: 1}
			err := compareOrders([]string{"A"}, told, d).err()
			if test.want == "" && err != nil {
				t.Error(err)
			}
			if test.want != "" && (!errors.Is(err, errLost) || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// add puts an order everywhere that it belongs.
func (d *disk) add(number string) {
	d.committed = append(d.committed, number)
	d.journal.numbers = append(d.journal.numbers, number)
	d.projected = append(d.projected, number)
}

// A transaction that was rolled back is no fault, and is shown as such; one that
// was neither committed nor rolled back is.
func TestProofCountsTransactions(t *testing.T) {
	var counted tally
	counted.begun.Store(5)
	counted.committed.Store(3)
	counted.rolledBack.Store(2)
	p := compareTransactions(&counted)
	if err := p.err(); err != nil {
		t.Error(err)
	}
	if got, want := screenOf(t, p), "  transactions begun             5\n  transactions rolled back       2\n  transactions committed         3  ok\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	counted.rolledBack.Store(1)
	if err := compareTransactions(&counted).err(); !errors.Is(err, errLost) || !strings.Contains(err.Error(), "transactions committed: want 4") {
		t.Errorf("%v, want that one is missing", err)
	}
}

func screenOf(t *testing.T, p proof) string {
	t.Helper()
	var screen bytes.Buffer
	if err := p.writeText(&screen); err != nil {
		t.Fatal(err)
	}
	return screen.String()
}

// The proof looks at the files, and changes nothing there, whatever it finds.
func TestProofReadsTheDisk(t *testing.T) {
	v := &service{dir: t.TempDir()}
	if _, err := readDisk(t.Context(), v); err == nil {
		t.Error("found an empty database where there is none")
	}
	if left := filesIn(t, v.dir); len(left) > 0 {
		t.Errorf("made %v", left)
	}
	db, err := openDatabase(t.Context(), v.databasePath())
	if err != nil {
		t.Fatal(err)
	}
	take(t, db, 1, 3)
	if err := (outbox{db}).forget(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(writeTotals(t.Context(), db, map[string]int64{"MUG-350": 1}), db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := testJournal(t, v.journalPath()).append(eventsNo(1, 3)); err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, v.dir)
	d, err := readDisk(t.Context(), v)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.committed) != 3 || d.outbox != 1 || d.sold["MUG-350"] != 1 || total(d.ordered) != 6 {
		t.Errorf("found %+v", d)
	}
	// The third is in the file, and nothing says that it is on the disk.
	if want := []string{"W-1", "W-2"}; !slices.Equal(d.journal.numbers, want) || d.journal.fault != nil {
		t.Errorf("the journal has %+v, want %v", d.journal, want)
	}
	if after := filesIn(t, v.dir); !slices.Equal(after, before) {
		t.Errorf("left %v, found %v", after, before)
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
	screen := screenOf(t, p)
	for _, want := range []string{"guards not dropped, and named       1", "mailer", "WRONG: want 2"} {
		if !strings.Contains(screen, want) {
			t.Errorf("no %q in\n%s", want, screen)
		}
	}
}
