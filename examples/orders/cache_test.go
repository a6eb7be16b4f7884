package main

import (
	"context"
	"database/sql"
	"sync"
	"testing"
)

func testCache(t *testing.T, db *sql.DB) *cache {
	t.Helper()
	c, err := openCache(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCacheWritesTotals(t *testing.T) {
	db := testDatabase(t)
	c := testCache(t, db)
	mug, kettle := orderNo(1), orderNo(2)
	kettle.SKU = "KETTLE-1L"
	for _, o := range []Order{mug, kettle, mug} {
		c.add(o)
	}
	if n := count(t, db, `SELECT COUNT(*) FROM sales`); n != 0 {
		t.Fatalf("adding has written %d rows", n)
	}
	for range 2 { // a second flush has nothing to write
		if err := c.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if units := count(t, db, `SELECT units FROM sales WHERE sku = ?`, mug.SKU); units != 4 {
			t.Errorf("%d units, want 4", units)
		}
	}
	if units := c.add(kettle); units != 4 {
		t.Errorf("%d units so far, want 4", units)
	}
}

// The table has lost what a crash kept from it, and gets it back.
func TestCacheBeginsWithTheOrders(t *testing.T) {
	db := testDatabase(t)
	take(t, db, 1, 3)
	c := testCache(t, db)
	if units := c.add(orderNo(4)); units != 8 {
		t.Errorf("%d units so far, want 8", units)
	}
	if err := c.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if units := count(t, db, `SELECT SUM(units) FROM sales`); units != 8 {
		t.Errorf("%d units, want 8", units)
	}
}

func TestCacheKeepsWhatItCouldNotWrite(t *testing.T) {
	db := testDatabase(t)
	c := testCache(t, db)
	c.add(orderNo(1))
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.flush(dead); err == nil {
		t.Fatal("flushed with a dead context")
	}
	if err := c.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if units := count(t, db, `SELECT SUM(units) FROM sales`); units != 2 {
		t.Errorf("%d units, want 2", units)
	}
}

func TestCacheCountsWhileItWrites(t *testing.T) {
	db := testDatabase(t)
	c := testCache(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- c.run(ctx) }()
	var adders sync.WaitGroup
	for range 8 {
		adders.Go(func() {
			for range 100 {
				c.add(orderNo(1))
				if err := c.flush(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	adders.Wait()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := c.flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if units := count(t, db, `SELECT units FROM sales`); units != 1600 {
		t.Errorf("%d units, want 1600", units)
	}
}
