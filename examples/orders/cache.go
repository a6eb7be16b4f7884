package main

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// flushEvery is how far the table sales may lag behind the cache.
const flushEvery = 100 * time.Millisecond

// cache knows how many units of each SKU were sold. Adding to it costs no
// write: those are made behind its back, by run, and the last by the flush that is
// its drop, which therefore must come before the database is closed.
//
// What it writes are totals, so writing one twice does no harm, and it begins
// with a count of the orders, so a crash before a write does none either.
type cache struct {
	db *sql.DB

	flushing sync.Mutex // held from taking totals to writing them: none is overtaken by an older one

	mu    sync.Mutex // protects the following
	units map[string]int64
	dirty map[string]bool // the SKUs whose totals are not in the table
}

// openCache counts the orders there are.
func openCache(ctx context.Context, db *sql.DB) (*cache, error) {
	units, err := unitsBySKU(ctx, db, `SELECT sku, SUM(quantity) FROM orders GROUP BY sku`)
	if err != nil {
		return nil, err
	}
	c := &cache{db: db, units: units, dirty: make(map[string]bool)}
	for sku := range units {
		c.dirty[sku] = true
	}
	return c, nil
}

// add counts a committed order, and returns the units sold of its SKU so far.
func (c *cache) add(o Order) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.units[o.SKU] += o.Quantity
	c.dirty[o.SKU] = true
	return c.units[o.SKU]
}

// run writes what has changed, now and then, until ctx ends.
func (c *cache) run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := c.flush(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return nil // the drop writes the rest
		}
	}
}

// flush writes the totals that have changed, all or none of them. It writes
// outside of mu, so add never waits for the disk.
func (c *cache) flush(ctx context.Context) error {
	c.flushing.Lock()
	defer c.flushing.Unlock()
	totals := c.takeDirty()
	if len(totals) == 0 {
		return nil
	}
	err := writeTotals(ctx, c.db, totals)
	if err != nil {
		c.putBack(totals)
	}
	return err
}

func (c *cache) takeDirty() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	totals := make(map[string]int64, len(c.dirty))
	for sku := range c.dirty {
		totals[sku] = c.units[sku]
	}
	clear(c.dirty)
	return totals
}

func (c *cache) putBack(totals map[string]int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for sku := range totals {
		c.dirty[sku] = true
	}
}

func writeTotals(ctx context.Context, db *sql.DB, totals map[string]int64) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	for sku, units := range totals {
		if _, err := tx.ExecContext(ctx,
			`INSERT INTO sales VALUES (?, ?) ON CONFLICT DO UPDATE SET units = excluded.units`, sku, units); err != nil {
			return err
		}
	}
	return tx.Commit()
}
