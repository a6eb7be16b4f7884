// Package store reads a handle that another package gives it.
package store

import (
	"context"

	"github.com/ebb-go/ebb/scope"
)

type DB struct{}

type Table struct{ db *DB }

func (*Table) Close() error { return nil }

func Open(ctx context.Context, db *scope.Handle[*DB]) (*Table, error) { // want Open:`reads\[1\]`
	return &Table{db.Value()}, nil
}

func Use(ctx context.Context, db *scope.Handle[*DB]) (*Table, error) {
	return &Table{db.Use(ctx)}, nil
}
