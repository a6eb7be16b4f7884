package main

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

// disk is what a service that has ended has left there. It is read anew, from the
// files, and nothing is made, mended or written.
type disk struct {
	committed, projected []string // numbers of orders
	journal              journaled
	outbox               int              // events that are still to be delivered
	ordered, sold        map[string]int64 // units of each SKU, by the orders and by the cache's table
}

// journaled is what the journal holds.
type journaled struct {
	numbers []string // of orders
	fault   error    // what comes behind the last of them, if it is no line
}

func readDisk(ctx context.Context, v *service) (disk, error) {
	return scope.RunValue(ctx, func(ctx context.Context, s *scope.Scope) (d disk, err error) {
		h, err := scope.Acquire(ctx, s, "database", func(ctx context.Context) (*sql.DB, error) {
			return openToRead(v.databasePath())
		}, guard.Close)
		if err != nil {
			return d, err
		}
		db := h.Value()
		if d.committed, err = column[string](ctx, db, `SELECT number FROM orders`); err != nil {
			return d, err
		}
		if d.projected, err = column[string](ctx, db, `SELECT number FROM invoices`); err != nil {
			return d, err
		}
		if d.ordered, err = unitsBySKU(ctx, db, `SELECT sku, SUM(quantity) FROM orders GROUP BY sku`); err != nil {
			return d, err
		}
		if d.sold, err = unitsBySKU(ctx, db, `SELECT sku, units FROM sales`); err != nil {
			return d, err
		}
		if err = db.QueryRowContext(ctx, `SELECT COUNT(*) FROM outbox`).Scan(&d.outbox); err != nil {
			return d, err
		}
		durable, err := outbox{db}.forgotten(ctx)
		if err != nil {
			return d, err
		}
		d.journal, err = readJournaled(v.journalPath(), durable)
		return d, err
	}, scope.WithName("proof"))
}

// readJournaled reads the journal up to the durable event: a line behind it may
// be in the memory of the system only.
func readJournaled(path string, durable int64) (j journaled, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return journaled{fault: err}, nil
	}
	if err != nil {
		return j, err
	}
	defer f.Close()
	for line, err := range readJournal(f) {
		if err != nil {
			j.fault = err
			break
		}
		if line.event.Seq > durable {
			break
		}
		j.numbers = append(j.numbers, line.event.Order.Number)
	}
	return j, nil
}

// whole returns f, which is wrong if the journal does not end with a whole line.
func (j journaled) whole(f fact) fact {
	if j.fault != nil && f.wrong == "" {
		f.wrong = j.fault.Error()
	}
	return f
}
