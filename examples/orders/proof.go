package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/ebb-go/ebb/trace"
)

var errLost = errors.New("the proof does not hold")

// proof compares the answers that the clients have with what is on the disk.
type proof []fact

// fact is a line of the proof. wrong says what speaks against it; it is empty
// for a fact that holds, and for one that others are compared with.
type fact struct {
	what, where string
	n           int
	allowed     int // of n, those that need not be there
	compared    bool
	wrong       string
}

// prove compares the files of a service that has ended with the answers that its
// clients have.
func prove(ctx context.Context, v *service, told *answers) (proof, error) {
	d, err := readDisk(ctx, v)
	if err != nil {
		return nil, err
	}
	return slices.Concat(compareOrders(v.before, told, d), compareTransactions(&v.tally), compareGuards(v)), nil
}

func compareOrders(before []string, told *answers, d disk) (p proof) {
	if len(before) > 0 {
		p = append(p, fact{what: "orders of earlier runs", n: len(before)})
	}
	p = append(p, fact{what: "orders acknowledged", where: "to the clients", n: len(told.acknowledged)})
	if n := len(told.unanswered); n > 0 {
		p = append(p, fact{what: "orders without an answer", where: "committed or not", n: n})
	}
	promised := slices.Concat(before, told.acknowledged)
	return append(p,
		compare("rows committed", "orders.db, orders", promised, told.unanswered, d.committed),
		d.journal.whole(compare("events journaled", "orders.journal", d.committed, nil, d.journal.numbers)),
		compare("events projected", "orders.db, invoices", d.committed, nil, d.projected),
		equal("events on the way", "orders.db, outbox", 0, d.outbox),
		fact{what: "units ordered", where: "orders.db, orders", n: total(d.ordered)},
		equalUnits("units flushed by the cache", "orders.db, sales", d.ordered, d.sold))
}

// compareTransactions has every transaction either committed or rolled back.
func compareTransactions(t *tally) proof {
	begun, committed, rolledBack := int(t.begun.Load()), int(t.committed.Load()), int(t.rolledBack.Load())
	p := proof{fact{what: "transactions begun", n: begun}}
	if rolledBack > 0 {
		p = append(p, fact{what: "transactions rolled back", n: rolledBack})
	}
	return append(p, equal("transactions committed", "", begun-rolledBack, committed))
}

// compareGuards has every guard dropped but those that the report names.
func compareGuards(v *service) (p proof) {
	acquired, dropped := int(v.tally.acquired.Load()), int(v.tally.dropped.Load())
	p = append(p, fact{what: "guards acquired", n: acquired})
	guilty := culprits(v.report)
	if len(guilty) > 0 {
		p = append(p, fact{what: "guards not dropped, and named", where: strings.Join(guilty, ", "), n: len(guilty)})
	}
	return append(p, equal("guards dropped", "", acquired-len(guilty), dropped))
}

// culprits names the guards that did not end as they should.
func culprits(r *trace.Report) (names []string) {
	for _, e := range r.Entries {
		if e.Kind == "guard" && e.Outcome != "ok" {
			names = append(names, e.Name)
		}
	}
	return names
}

func equal(what, where string, want, got int) fact {
	f := fact{what: what, where: where, n: got, compared: true}
	if got != want {
		f.wrong = fmt.Sprintf("want %d", want)
	}
	return f
}

// equalUnits compares the units of each SKU.
func equalUnits(what, where string, want, got map[string]int64) fact {
	f := fact{what: what, where: where, n: total(got), compared: true}
	var wrong []string
	for sku := range want {
		if got[sku] != want[sku] {
			wrong = append(wrong, fmt.Sprintf("%d of %s, want %d", got[sku], sku, want[sku]))
		}
	}
	for sku, units := range got {
		if _, ok := want[sku]; !ok {
			wrong = append(wrong, fmt.Sprintf("%d of %s, want none", units, sku))
		}
	}
	if len(wrong) > 0 {
		f.wrong = fmt.Sprintf("%s; %d SKUs in all", slices.Min(wrong), len(wrong))
	}
	return f
}

func total(units map[string]int64) (n int) {
	for _, u := range units {
		n += int(u)
	}
	return n
}

// compare compares sets, for numbers that agree may be those of other orders:
// got is to hold all of want, and beyond that only what is allowed.
func compare(what, where string, want, allowed, got []string) fact {
	f := fact{what: what, where: where, n: len(got), compared: true}
	missing, free := setOf(want), setOf(allowed)
	var extra []string // not asked for, or there twice
	for _, number := range got {
		switch {
		case missing[number]:
			delete(missing, number)
		case free[number]:
			delete(free, number)
			f.allowed++
		default:
			extra = append(extra, number)
		}
	}
	switch {
	case len(missing) > 0:
		f.wrong = fmt.Sprintf("%d missing, %s for one", len(missing), slices.Min(slices.Collect(maps.Keys(missing))))
	case len(extra) > 0:
		f.wrong = fmt.Sprintf("%d too many, %s for one", len(extra), extra[0])
	}
	return f
}

func setOf(numbers []string) map[string]bool {
	set := make(map[string]bool, len(numbers))
	for _, number := range numbers {
		set[number] = true
	}
	return set
}

// err is errLost, with the facts that are wrong, or nil.
func (p proof) err() error {
	var wrong []string
	for _, f := range p {
		if f.wrong != "" {
			wrong = append(wrong, f.what+": "+f.wrong)
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("%w: %s", errLost, strings.Join(wrong, "; "))
}

// writeText writes a line for each fact.
func (p proof) writeText(w io.Writer) error {
	var padded strings.Builder
	table := tabwriter.NewWriter(&padded, 0, 0, 2, ' ', 0)
	for _, f := range p {
		fmt.Fprintf(table, "  %s\t%6d\t%s\t%s\n", f.what, f.n, f.verdict(), f.where)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(padded.String()) {
		if _, err := fmt.Fprintln(w, strings.TrimRight(line, " \n")); err != nil {
			return err
		}
	}
	return nil
}

func (f fact) verdict() (v string) {
	switch {
	case f.wrong != "":
		v = "WRONG: " + f.wrong
	case f.compared:
		v = "ok"
	}
	if f.allowed > 0 {
		v += fmt.Sprintf(", %d without an answer", f.allowed)
	}
	return v
}
