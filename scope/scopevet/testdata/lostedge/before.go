package lostedge

import (
	"context"
	"sync"

	"github.com/ebb-go/ebb/guard"
	"github.com/ebb-go/ebb/scope"

	"mistakes/lostedge/store"
)

func mistakeBefore(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	v := db.Value()
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(v) // want `v was read from db outside of the open function of "cache"`
	}, guard.Close)
	return err
}

func mistakeUsedBefore(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	v := db.Use(ctx)
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(v) // want `v was read from db outside`
	}, guard.Close)
	return err
}

func mistakeBound(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", db.Value().Open, guard.Close) // want `db is read before the open function of "cache" runs`
	return err
}

func cacheOver(db *DB) func(context.Context) (*Cache, error) {
	return func(context.Context) (*Cache, error) { return newCache(db) }
}

func mistakeMade(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", cacheOver(db.Value()), guard.Close) // want `db is read before`
	return err
}

func build(ctx context.Context, db *scope.Handle[*DB]) (*Cache, error) {
	return newCache(db.Value())
}

func mistakePassed(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return build(ctx, db) // want `build reads db by Value, which records no edge in the open function of "cache"`
	}, guard.Close)
	return err
}

func mistakePassedOn(ctx context.Context, s *scope.Scope, db *scope.Handle[*store.DB]) error {
	_, err := scope.Acquire(ctx, s, "table", func(ctx context.Context) (*store.Table, error) {
		return store.Open(ctx, db) // want `store.Open reads db by Value`
	}, guard.Close)
	return err
}

func (p *parts) conn() *DB { return p.db.Value() }

func (p *parts) mistakeGetter(ctx context.Context, s *scope.Scope) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(p.conn()) // want `p.conn reads db by Value`
	}, guard.Close)
	return err
}

func mistakeDrop(ctx context.Context, s *scope.Scope) error {
	db, err := acquire(ctx, s)
	if err != nil {
		return err
	}
	_, err = scope.Acquire(ctx, s, "cache", func(context.Context) (*Cache, error) {
		return &Cache{}, nil
	}, func(ctx context.Context, c *Cache) error {
		return c.Flush(db.Value()) // want `the drop function of "cache" uses db`
	})
	return err
}

func mistakeDefer(ctx context.Context, s *scope.Scope) error {
	db, err := scope.Acquire(ctx, s, "db", openDB, guard.Close)
	if err != nil {
		return err
	}
	_, err = scope.Defer(s, "flush", func(ctx context.Context) error {
		return db.Value().Close() // want `the drop function of "flush" uses db, on which it does not depend`
	})
	return err
}

func mistakeNarrowed(ctx context.Context, s *scope.Scope) error {
	db, err := scope.Acquire(ctx, s, "db", openDB, guard.Close)
	if err != nil {
		return err
	}
	log, err := scope.Acquire(ctx, s, "log", openDB, guard.Close)
	if err != nil {
		return err
	}
	_, err = s.Daemon("writer", func(ctx context.Context) error {
		_, err := db.Value().Begin(ctx) // want `db.Value\(\) in the daemon "writer", whose DependsOn leaves db out`
		return err
	}, scope.DependsOn(log))
	return err
}

// The value comes out of a helper that the check does not look into: a value that
// travels in a structure is not followed.
func mistakeInStruct(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	var shared struct{ db *DB }
	shared.db = db.Value()
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		return newCache(shared.db)
	}, guard.Close)
	return err
}

// A goroutine of the open function.
func mistakeGoroutine(ctx context.Context, s *scope.Scope, db *scope.Handle[*DB]) error {
	_, err := scope.Acquire(ctx, s, "cache", func(ctx context.Context) (*Cache, error) {
		var wg sync.WaitGroup
		c := &Cache{}
		wg.Go(func() { c.db = db.Value() }) // want `records no edge`
		wg.Wait()
		return c, nil
	}, guard.Close)
	return err
}

func acquire(ctx context.Context, s *scope.Scope) (*scope.Handle[*DB], error) {
	return acquireDB(ctx, s)
}
