package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
	"github.com/ebb-go/ebb/trace"
)

var errLost = errors.New("the proof does not hold")

// proof compares what the clients were told with what is on the disk.
type proof []fact

// fact is a line of the proof. wrong says what speaks against it; it is empty
// for a fact that holds, and for one that others are compared with.
type fact struct {
	what, where string
	n           int
	compared    bool
	wrong       string
}

// prove reads the files of a service that has ended. acknowledged are the
// numbers of the orders that its clients have the acknowledgement of.
func prove(ctx context.Context, v *service, acknowledged []string) (proof, error) {
	return scope.RunValue(ctx, func(ctx context.Context, s *scope.Scope) (proof, error) {
		db, err := scope.Acquire(ctx, s, "database", func(ctx context.Context) (*sql.DB, error) {
			return openDatabase(ctx, v.databasePath())
		}, guard.Close)
		if err != nil {
			return nil, err
		}
		d, err := readDisk(ctx, db.Value(), v.journalPath())
		if err != nil {
			return nil, err
		}
		return append(compareOrders(v.before, acknowledged, d), compareGuards(v)...), nil
	}, scope.WithName("proof"))
}

// disk is what was found there.
type disk struct {
	committed, journaled, projected []string // numbers of orders
	outbox                          int      // events that are still to be told
	ordered, sold                   int      // units, by the orders and by the cache's table
}

func readDisk(ctx context.Context, db *sql.DB, journal string) (d disk, err error) {
	if d.committed, err = column[string](ctx, db, `SELECT number FROM orders`); err != nil {
		return d, err
	}
	if d.projected, err = column[string](ctx, db, `SELECT number FROM invoices`); err != nil {
		return d, err
	}
	err = db.QueryRowContext(ctx, `SELECT
		(SELECT COUNT(*) FROM outbox),
		(SELECT COALESCE(SUM(quantity), 0) FROM orders),
		(SELECT COALESCE(SUM(units), 0) FROM sales)`).Scan(&d.outbox, &d.ordered, &d.sold)
	if err != nil {
		return d, err
	}
	f, err := os.Open(journal)
	if err != nil {
		return d, err
	}
	defer f.Close()
	events, _, err := readJournal(f)
	for _, e := range events {
		d.journaled = append(d.journaled, e.Order.Number)
	}
	return d, err
}

func compareOrders(before, acknowledged []string, d disk) (p proof) {
	if len(before) > 0 {
		p = append(p, fact{what: "orders of earlier runs", n: len(before)})
	}
	want := append(before[:len(before):len(before)], acknowledged...)
	return append(p,
		fact{what: "orders acknowledged", where: "to the clients", n: len(acknowledged)},
		compare("rows committed", "orders.db, orders", want, d.committed),
		compare("events journaled", "orders.journal", want, d.journaled),
		compare("events projected", "orders.db, invoices", want, d.projected),
		equal("events on the way", "orders.db, outbox", 0, d.outbox),
		fact{what: "units ordered", where: "orders.db, orders", n: d.ordered},
		equal("units flushed by the cache", "orders.db, sales", d.ordered, d.sold))
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

// compare compares sets, for numbers that agree may be those of other orders.
func compare(what, where string, want, got []string) fact {
	f := fact{what: what, where: where, n: len(got), compared: true}
	missing := make(map[string]bool, len(want))
	for _, number := range want {
		missing[number] = true
	}
	var extra []string // not asked for, or there twice
	for _, number := range got {
		if !missing[number] {
			extra = append(extra, number)
		}
		delete(missing, number)
	}
	switch {
	case len(missing) > 0:
		for number := range missing {
			f.wrong = fmt.Sprintf("%d missing, %s for one", len(missing), number)
			break
		}
	case len(extra) > 0:
		f.wrong = fmt.Sprintf("%d too many, %s for one", len(extra), extra[0])
	}
	return f
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
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, f := range p {
		verdict := ""
		switch {
		case f.wrong != "":
			verdict = "WRONG: " + f.wrong
		case f.compared:
			verdict = "ok"
		}
		fmt.Fprintf(table, "  %s\t%6d\t%s\t%s\n", f.what, f.n, verdict, f.where)
	}
	return table.Flush()
}
