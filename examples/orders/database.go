package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite": pure Go, builds in half a minute
)

// schema is made when the database is opened. The sequence of the outbox never
// reuses a number (AUTOINCREMENT), not even that of a row that was deleted.
const schema = `
CREATE TABLE IF NOT EXISTS orders (
	number   TEXT PRIMARY KEY,
	placed   TEXT NOT NULL,
	customer TEXT NOT NULL,
	country  TEXT NOT NULL,
	sku      TEXT NOT NULL,
	quantity INTEGER NOT NULL,
	price    INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS outbox (
	seq    INTEGER PRIMARY KEY AUTOINCREMENT,
	number TEXT NOT NULL UNIQUE REFERENCES orders
) STRICT;
CREATE TABLE IF NOT EXISTS invoices (
	number   TEXT PRIMARY KEY,
	position INTEGER NOT NULL UNIQUE,
	total    INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sales (
	sku   TEXT PRIMARY KEY,
	units INTEGER NOT NULL
) STRICT;`

// openDatabase opens the file, or makes it. In WAL mode with synchronous=FULL
// each commit is on the disk before it returns, and an order is acknowledged
// only after that. Closing it folds the write-ahead log into the file.
func openDatabase(ctx context.Context, path string) (*sql.DB, error) {
	db, err := openSQLite(path, url.Values{"_pragma": {
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "busy_timeout(5000)",
	}})
	if err != nil {
		return nil, err
	}
	if _, err := db.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), db.Close())
	}
	return db, nil
}

// openToRead opens a file that is there, and makes and changes nothing. Without a
// write-ahead log the file is all there is: it is opened as immutable, or SQLite
// would make an empty log to look into.
func openToRead(path string) (*sql.DB, error) {
	parameters := url.Values{"mode": {"ro"}}
	if _, err := os.Stat(path + "-wal"); errors.Is(err, fs.ErrNotExist) {
		parameters.Set("immutable", "1")
	}
	return openSQLite(path, parameters)
}

func openSQLite(path string, parameters url.Values) (*sql.DB, error) {
	path, err := filepath.Abs(path) // a relative one would be taken for a host: file://HOST/...
	if err != nil {
		return nil, err
	}
	source := url.URL{Scheme: "file", Path: path, RawQuery: parameters.Encode()}
	db, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, err
	}
	// SQLite has one writer. With one connection it is database/sql that keeps
	// the line of those who wait, and none of them gets SQLITE_BUSY.
	db.SetMaxOpenConns(1)
	return db, nil
}

var errConflict = errors.New("another order has this number")

// insertOrder writes an order and, in the same transaction, its event, so
// that there is never one without the other. known reports that the very same
// order was there already; nothing is written then.
func insertOrder(ctx context.Context, tx *sql.Tx, o Order) (known bool, err error) {
	r, err := tx.ExecContext(ctx, `INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		o.Number, o.Placed, o.Customer, o.Country, o.SKU, o.Quantity, o.Price)
	if err != nil {
		return false, err
	}
	if n, err := r.RowsAffected(); err != nil || n == 0 {
		if err != nil {
			return false, err
		}
		return true, sameOrder(ctx, tx, o)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO outbox (number) VALUES (?)`, o.Number)
	return false, err
}

// sameOrder returns errConflict if the row with o's number is not o.
func sameOrder(ctx context.Context, tx *sql.Tx, o Order) error {
	var was Order
	err := scanOrder(tx.QueryRowContext(ctx, `SELECT * FROM orders WHERE number = ?`, o.Number).Scan, &was)
	if err == nil && was != o {
		err = errConflict
	}
	return err
}

// scanOrder reads the columns of the table orders into o, and what comes
// before them into first.
func scanOrder(scan func(...any) error, o *Order, first ...any) error {
	return scan(append(first, &o.Number, &o.Placed, &o.Customer, &o.Country, &o.SKU, &o.Quantity, &o.Price)...)
}

// column reads the only column of a query. It reads all rows before it returns
// them: an open cursor would keep the one connection from all others.
func column[T any](ctx context.Context, db *sql.DB, query string, args ...any) ([]T, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// unitsBySKU reads the two columns of a query.
func unitsBySKU(ctx context.Context, db *sql.DB, query string) (map[string]int64, error) {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	units := make(map[string]int64)
	for rows.Next() {
		var sku string
		var n int64
		if err := rows.Scan(&sku, &n); err != nil {
			return nil, err
		}
		units[sku] = n
	}
	return units, rows.Err()
}
