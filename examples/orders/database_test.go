package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// testDatabase opens a database in a directory whose name has all that could
// be taken for a part of a URL.
func testDatabase(t *testing.T) *sql.DB {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a b?c=d#e%20é")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return testDatabaseAt(t, filepath.Join(dir, "orders.db"))
}

func testDatabaseAt(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := openDatabase(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// orderNo makes the n-th of a row of orders.
func orderNo(n int) Order {
	o := goodOrder()
	o.Number = fmt.Sprintf("W-%d", n)
	return o
}

// take commits orders first to last, as the handler does.
func take(t *testing.T, db *sql.DB, first, last int) {
	t.Helper()
	for n := first; n <= last; n++ {
		if _, err := insert(t.Context(), db, orderNo(n)); err != nil {
			t.Fatal(err)
		}
	}
}

func insert(ctx context.Context, db *sql.DB, o Order) (known bool, err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback()
	if known, err = insertOrder(ctx, tx, o); err != nil {
		return known, err
	}
	return known, tx.Commit()
}

func count(t *testing.T, db *sql.DB, query string, args ...any) int {
	t.Helper()
	n, err := column[int](t.Context(), db, query, args...)
	if err != nil || len(n) != 1 {
		t.Fatalf("%s: %v, %v", query, n, err)
	}
	return n[0]
}

func TestDatabaseIsDurable(t *testing.T) {
	db := testDatabase(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1"} {
		got, err := column[string](t.Context(), db, "PRAGMA "+pragma)
		if err != nil || !slices.Equal(got, []string{want}) {
			t.Errorf("%s = %v, %v, want %s", pragma, got, err, want)
		}
	}
}

func TestInsertOrderTwice(t *testing.T) {
	db := testDatabase(t)
	for _, want := range []bool{false, true, true} {
		if known, err := insert(t.Context(), db, orderNo(1)); known != want || err != nil {
			t.Fatalf("known = %t, %v, want %t", known, err, want)
		}
	}
	if n := count(t, db, `SELECT COUNT(*) FROM outbox`); n != 1 {
		t.Errorf("%d events of one order", n)
	}
	other := orderNo(1)
	other.Quantity++
	if _, err := insert(t.Context(), db, other); !errors.Is(err, errConflict) {
		t.Errorf("%v, want %v", err, errConflict)
	}
}

func TestOpenDatabaseRefusesAnotherFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "orders.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := openDatabase(t.Context(), path)
	if err == nil {
		db.Close()
		t.Fatal("opened a text file")
	}
	if !strings.Contains(err.Error(), path) {
		t.Errorf("%v does not name %s", err, path)
	}
}

func TestOutboxKeepsItsSequence(t *testing.T) {
	db := testDatabase(t)
	box := outbox{db}
	take(t, db, 1, 3)
	first, err := box.oldest(t.Context(), 2)
	if err != nil || len(first) != 2 || first[0] != (Event{1, orderNo(1)}) || first[1] != (Event{2, orderNo(2)}) {
		t.Fatalf("%v, %v", first, err)
	}
	if err := box.forget(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	// The numbers go on, although the table was empty in between.
	take(t, db, 4, 4)
	rest, err := box.oldest(t.Context(), 10)
	if err != nil || len(rest) != 1 || rest[0] != (Event{4, orderNo(4)}) {
		t.Fatalf("%v, %v", rest, err)
	}
}
