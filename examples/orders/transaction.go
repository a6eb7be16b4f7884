package main

import (
	"context"
	"database/sql"

	"github.com/ebb-go/ebb/scope"
)

// begin opens a transaction that belongs to s and ends with it. It commits if
// the scope succeeded, and rolls back if the body failed, panicked or was
// cancelled: nobody has to remember to.
func begin(ctx context.Context, s *scope.Scope, db *sql.DB, t *tally) (*sql.Tx, error) {
	tx, err := acquire(ctx, s, t, "transaction", func(ctx context.Context) (*sql.Tx, error) {
		// Given a context that can end, database/sql would roll back by
		// itself when it does. The one who decides is the drop.
		return db.BeginTx(context.WithoutCancel(ctx), nil)
	}, endTransaction)
	if err != nil {
		return nil, err
	}
	return tx.Value(), nil
}

func endTransaction(ctx context.Context, tx *sql.Tx) error {
	if scope.ExitOf(ctx).Kind == scope.Succeeded {
		return tx.Commit()
	}
	return tx.Rollback()
}
