// Package lostedge loses edges.
package lostedge

import (
	"context"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"
)

type DB struct{}

func (*DB) Close() error                              { return nil }
func (*DB) Open(ctx context.Context) (*Cache, error)  { return &Cache{}, nil }
func (*DB) Begin(ctx context.Context) (*Cache, error) { return &Cache{}, nil }
func openDB(ctx context.Context) (*DB, error)         { return &DB{}, nil }
func acquireDB(ctx context.Context, s *scope.Scope) (*scope.Handle[*DB], error) {
	return scope.Acquire(ctx, s, "db", openDB, guard.Close)
}

type Cache struct {
	db  *DB
	get func() *DB
}

func (*Cache) Close() error                  { return nil }
func (*Cache) Flush(db *DB) error            { return nil }
func newCache(db *DB) (*Cache, error)        { return &Cache{db: db}, nil }
func lateCache(f func() *DB) (*Cache, error) { return &Cache{get: f}, nil }

type parts struct {
	ctx   context.Context
	db    *scope.Handle[*DB]
	cache *scope.Handle[*Cache]
}
