package main

import (
	"context"
	"database/sql"
	"strings"

	"github.com/ebb-go/ebb/scope"
)

// begin opens a transaction that belongs to s and ends with it. It commits if
// the scope succeeded, and then calls committed. It rolls back if the body or a
// task failed or panicked, and if the scope was canceled, whatever the body then
// returned: no caller can forget to.
//
// So a Run whose scope holds a transaction returns nil only if it was committed.
func begin(ctx context.Context, s *scope.Scope, db *sql.DB, t *tally, committed func()) (*sql.Tx, error) {
	tx, err := scope.Acquire(ctx, s, "transaction", func(ctx context.Context) (*sql.Tx, error) {
		// Given a context that can end, database/sql would roll back by
		// itself when it does. The one who decides is the drop.
		tx, err := db.BeginTx(context.WithoutCancel(ctx), nil)
		if err == nil {
			t.begun.Add(1)
		}
		return tx, err
	}, func(ctx context.Context, tx *sql.Tx) error {
		if scope.ExitOf(ctx).Kind != scope.Succeeded {
			return rollBack(tx, t)
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		t.committed.Add(1)
		committed()
		return nil
	})
	if err != nil {
		return nil, err
	}
	return tx.Value(), nil
}

// rollBack rolls back, unless SQLite has: a statement that is interrupted, or
// that finds the disk full, ends its transaction.
func rollBack(tx *sql.Tx, t *tally) error {
	err := tx.Rollback()
	if err != nil && strings.Contains(err.Error(), "no transaction is active") {
		err = nil // the message is SQLite's only sign of it
	}
	if err == nil {
		t.rolledBack.Add(1)
	}
	return err
}
